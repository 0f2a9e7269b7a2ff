"""The connections of this machine's services in Airflow's own table: made, kept up to date, and read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import psycopg
from cryptography.fernet import Fernet, InvalidToken

from include.local import airflow
from include.local.errors import ServiceError
from include.local.files import write_private
from include.settings import WAREHOUSE_CONN_ID

# Airflow shows no password again, so what we left is known by the rest.
SHOWN = ("conn_type", "host", "port", "schema", "login", "extra")


def warehouse_connection(url: str) -> dict[str, Any]:
    """The warehouse at ``url`` as Airflow's API takes a connection."""
    parts = urlsplit(url)
    return {
        "connection_id": WAREHOUSE_CONN_ID,
        "conn_type": "postgres",
        "host": parts.hostname,
        "port": parts.port,
        "schema": parts.path.lstrip("/"),
        "login": parts.username,
        "password": parts.password,
        "description": "The warehouse, kept by ./crm up.",
    }


def sandbox_connections(port: int, crm_token: str, desk_token: str, orders: Path) -> list[dict[str, Any]]:
    """The sandbox company's CRM, help desk, web site and order files as Airflow's API takes connections."""
    from include.sandbox.catalog import HOOK_SECRET

    server = {"conn_type": "http", "host": "127.0.0.1", "port": port, "schema": "http"}
    hooks = {"extra": json.dumps({"webhook_secret": HOOK_SECRET})}
    about = {"description": "The sandbox company, kept by ./crm demo."}
    return [
        {"connection_id": "sandbox_crm", **server, **hooks, "password": crm_token, **about},
        {
            "connection_id": "sandbox_helpdesk", **server, **hooks, "login": "user/token", "password": desk_token,
            **about,
        },
        {"connection_id": "sandbox_site", **server, **about},
        {"connection_id": "sandbox_orders", "conn_type": "fs", "extra": json.dumps({"path": str(orders)}), **about},
    ]  # fmt: skip


def keep(env: Mapping[str, str], wanted: list[dict[str, Any]]) -> list[str]:
    """Make the connections that are missing and renew those that are as we left them; leave all others alone.

    :return: the ids of the connections that were left alone, because someone changed them.
    :raises ServiceError: when Airflow's API does not answer.
    """
    note = Path(env["CRM_STATE"]) / "connections.json"
    left_by_us = json.loads(note.read_text()) if note.exists() else {}
    bearer = airflow.token(env)
    others = []
    for connection in wanted:
        name = connection["connection_id"]
        there = airflow.request(env, "GET", f"/api/v2/connections/{name}", bearer=bearer)
        if there is None:
            airflow.request(env, "POST", "/api/v2/connections", connection, bearer=bearer)
        elif _shown(there) == left_by_us.get(name):
            airflow.request(env, "PATCH", f"/api/v2/connections/{name}", connection, bearer=bearer)
        else:
            others.append(name)
            continue
        left_by_us[name] = _shown(connection)
    write_private(note, json.dumps(left_by_us, indent=2))
    return others


def _shown(connection: Mapping[str, Any]) -> dict[str, Any]:
    # Airflow gives back "" or "{}" for some of what was never set
    shown = {key: connection.get(key) or None for key in SHOWN}
    extra = json.loads(shown["extra"] or "{}")
    # it shows secrets in the extra as asterisks, and so does our note
    return shown | {"extra": {key: "***" if "secret" in key else value for key, value in extra.items()}}


@dataclass(frozen=True)
class Connection:
    """One connection, by the names that Airflow has for its parts."""

    conn_type: str
    host: str | None = None
    schema: str | None = None
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    port: int | None = None
    extra_dejson: dict[str, Any] = field(default_factory=dict, repr=False)


def from_environment(conn_id: str, env: Mapping[str, str]) -> Connection | None:
    """The connection in ``AIRFLOW_CONN_<ID>``, as JSON or as an address, read as Airflow reads it.

    :raises ServiceError: when it can be read as neither.
    """
    name = f"AIRFLOW_CONN_{conn_id.upper()}"
    value = env.get(name, "").strip()
    if not value:
        return None
    try:
        return _of_json(json.loads(value)) if value.startswith("{") else _of_address(value)
    except (ValueError, TypeError, AttributeError):  # whose texts hold what was read
        raise ServiceError(
            f"{name} cannot be read: it is neither a connection as JSON nor an address "
            "(type://login:password@host:port/schema, its parts percent-encoded)."
        ) from None


def _of_json(parts: dict[str, Any]) -> Connection:
    known = {key: parts.get(key) or None for key in ("host", "schema", "login", "password")}
    port = int(parts["port"]) if parts.get("port") else None
    return Connection(parts.get("conn_type") or "", **known, port=port, extra_dejson=_extra(parts.get("extra")))


def _of_address(value: str) -> Connection:
    conn_type, rest = value.split("://", 1)
    # http://https://host: the type of the connection before the scheme of the address
    scheme, separator, rest = rest.rpartition("://")
    parts = urlsplit(f"//{rest}")
    host = unquote(parts.hostname or "")
    if "/" in host:  # an address as the host: its letters stay as they are
        host = unquote(parts.netloc.rpartition("@")[2].partition(":")[0])
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Connection(
        conn_type.replace("-", "_"),
        f"{scheme}{separator}{host}" or None,
        unquote(parts.path[1:]) or None,
        unquote(parts.username or "") or None,
        unquote(parts.password or "") or None,
        parts.port,
        _extra(query["__extra__"]) if "__extra__" in query else query,
    )


def _extra(extra: Any) -> dict[str, Any]:
    found = json.loads(extra) if isinstance(extra, str) and extra else extra or {}
    if not isinstance(found, dict):
        raise ValueError("extra is no object")
    return found


def stored(metadata_url: str, fernet_key: str, conn_id: str) -> Connection | None:
    """A connection of Airflow's own table; None when there is no such connection, or no tables yet.

    Read from the table: Airflow's command takes four seconds for the same.

    :raises ServiceError: when it was stored with another key.
    """
    with psycopg.connect(metadata_url) as database:
        there = database.execute("select to_regclass('connection') is not null").fetchone()
        if not there or not there[0]:
            return None
        row = database.execute(
            "select conn_type, host, schema, login, port, password, is_encrypted, extra, is_extra_encrypted"
            " from connection where conn_id = %s",
            (conn_id,),
        ).fetchone()
    if row is None:
        return None
    conn_type, host, schema, login, port, password, is_encrypted, extra, is_extra_encrypted = row
    try:
        if password and is_encrypted:
            password = Fernet(fernet_key.encode()).decrypt(password.encode()).decode()
        if extra and is_extra_encrypted:
            extra = Fernet(fernet_key.encode()).decrypt(extra.encode()).decode()
    except InvalidToken:
        raise ServiceError(
            f"The password of Airflow's connection {conn_id} was stored with another key. "
            f"Enter it again in Airflow (Admin → Connections), or set AIRFLOW_CONN_{conn_id.upper()}."
        ) from None
    return Connection(conn_type or "", host, schema, login, password, port, _extra(extra))


def stored_warehouse(metadata_url: str, fernet_key: str) -> str | None:
    """The address in Airflow's connection ``crm_warehouse``; None when there is no such connection, or no tables yet.

    :raises ServiceError: when it was stored with another key.
    """
    found = stored(metadata_url, fernet_key, WAREHOUSE_CONN_ID)
    if found is None:
        return None
    who = f"{quote(found.login, safe='')}:{quote(found.password or '', safe='')}@" if found.login else ""
    return f"postgresql://{who}{found.host or 'localhost'}:{found.port or 5432}/{found.schema or ''}"
