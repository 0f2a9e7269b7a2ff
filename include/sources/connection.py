"""Where a source is and what opens it: given by the caller, from an Airflow connection or the command line."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class SourceConnection:
    """An address with its login.

    :param base_url: ``https://api.example.com`` (rest, web); empty for files.
    :param extra: the connection's further settings; files take the folder from ``path``, tokens that have to be
        refreshed the ``refresh_token``.
    :param wait_turn: takes one request out of the source's budget; the seconds to wait before it is sent.
    """

    base_url: str = ""
    login: str = ""
    password: str = field(default="", repr=False)
    extra: dict[str, Any] = field(default_factory=dict, repr=False)
    wait_turn: Callable[[], float] | None = field(default=None, repr=False, compare=False)
