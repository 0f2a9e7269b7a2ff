"""Errors of replies that a person can mend."""


class IntentError(ValueError):
    """Examples that no model can be made of; says why."""
