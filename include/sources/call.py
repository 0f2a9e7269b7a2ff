"""A request ready to be sent to an API, and what it was answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """A request ready to be sent: ``path`` is absolute on the host, and may hold a query.

    :param form: a body that is sent as a form, instead of ``body``, which is sent as JSON.
    :param accepted: statuses other than 2xx that are an answer too.
    :param origin: another host than the connection's (``https://login.example.com``); its answers hold no records.
    :param is_login: it asks for a token: sent without one, and neither it nor its answer is ever shown.
    """

    method: str
    path: str
    params: dict[str, Any] = field(default_factory=dict, repr=False)
    body: dict[str, Any] | None = field(default=None, repr=False)
    form: dict[str, str] | None = field(default=None, repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    accepted: frozenset[int] = frozenset()
    origin: str = ""
    is_login: bool = False

    @property
    def location(self) -> str:
        """For people: without the query, which may hold what is not for everyone."""
        return f"{self.method} {self.origin}{self.path.partition('?')[0]}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
