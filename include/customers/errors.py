"""Errors about customers that a command tells in one line; it imports them before it knows which command it is."""


class ResolveError(Exception):
    """Files that cannot be resolved: the message says what, where, and what to do."""


class IdentityError(ValueError):
    """Records, a model or an engine that cannot be used: the message says why."""
