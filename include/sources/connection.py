"""Where a source is and what opens it: given by the caller, from an Airflow connection or the command line."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class SourceConnection:
    """An address with its login.

    :param base_url: ``https://api.example.com`` (rest, web); empty for the others.
    :param extra: the connection's further settings; files take the folder from ``path``, and what fsspec needs to open
        its store from ``storage_options``; tokens that have to be refreshed take the ``refresh_token``.
    :param database_url: SQLAlchemy's address of a database, ``mysql+pymysql://user:password@host/name``.
    :param wait_turn: takes one request out of the source's budget; the seconds to wait before it is sent.
    :param filesystem: where there are no ``storage_options``: from a scheme (``s3``) to the file system that this
        connection opens, an fsspec one; None where it opens none of that scheme.
    """

    base_url: str = ""
    login: str = ""
    password: str = field(default="", repr=False)
    extra: dict[str, Any] = field(default_factory=dict, repr=False)
    wait_turn: Callable[[], float] | None = field(default=None, repr=False, compare=False)
    filesystem: Callable[[str], Any] | None = field(default=None, repr=False, compare=False)
    database_url: str = field(default="", repr=False)
