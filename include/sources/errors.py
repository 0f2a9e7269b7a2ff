"""What can go wrong between us and a source, said so that a person can act on it."""

from include.window import Window


class ReadFailedError(Exception):
    """A reader's own error: what, where, what next. `include.sources` adds which source, entity and window."""

    def __init__(self, location: str, what: str, next_step: str) -> None:
        super().__init__(location, what, next_step)
        self.location, self.what, self.next = location, what, next_step

    def __str__(self) -> str:
        return f"{self.location}: {self.what}. {self.next}"


class LoginRefusedError(ReadFailedError):
    """The source does not accept the login."""


class BadFileError(ReadFailedError):
    """A file that is not what the source's YAML says, however often it is read: the other files go on without it.

    :param reason: a short rule id: ``wrong_header``, ``not_zip``, …
    """

    def __init__(self, location: str, reason: str, what: str, next_step: str) -> None:
        super().__init__(location, what, next_step)
        self.reason = reason


class SourceError(Exception):
    """A source could not be read: its text is one clear message, and never holds a secret.

    :param window: None when what was read belongs to no window (files named by hand).
    """

    def __init__(self, source: str, entity: str, window: Window | None, location: str, what: str, next: str) -> None:
        super().__init__(source, entity, window, location, what, next)
        self.source, self.entity, self.window = source, entity, window
        self.location, self.what, self.next = location, what, next

    def __str__(self) -> str:
        when = f" for {self.window}" if self.window else ""
        return f"{self.source}, {self.entity}{when}: {self.what} ({self.location}). {self.next}"


class SkeletonError(Exception):
    """No skeleton of a source can be made of what was given, or it would overwrite a file; nothing was written."""
