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


def source_connection(connection: Any) -> SourceConnection:
    """What the readers take, of a connection by Airflow's names for its parts.

    Its host is a whole address, or a bare name that schema (``https`` when empty) and port complete.
    """
    host = connection.host or ""
    if host and "://" not in host:
        host = f"{connection.schema or 'https'}://{host}"
    port = f":{connection.port}" if connection.port else ""
    return SourceConnection(
        base_url=f"{host}{port}",
        login=connection.login or "",
        password=connection.password or "",
        extra=connection.extra_dejson,
    )


def add_command(conn_id: str, kind: str, auth: str = "none", host: str = "https://…") -> str:
    """The command that makes a source's connection, secrets left for the person to fill in.

    :param kind: of the source.
    :param auth: the kind of its ``auth``.
    """
    start = f"./crm airflow connections add {conn_id}"
    if kind == "files":
        return f'{start} --conn-type fs --conn-extra \'{{"path": "/the/folder"}}\''
    login = ' --conn-login "$LOGIN"' if auth in ("basic", "oauth2", "login") else ""
    password = ' --conn-password "$PASSWORD"' if auth != "none" else ""
    return f"{start} --conn-type generic --conn-host {host}{login}{password}"
