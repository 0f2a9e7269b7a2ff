"""The connections of this machine's services in Airflow's own table: made, kept up to date, and read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

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


def stored_warehouse(metadata_url: str, fernet_key: str) -> str | None:
    """The address in Airflow's connection ``crm_warehouse``; None when there is no such connection, or no tables yet.

    Read from Airflow's table: its command takes four seconds for the same.
    """
    with psycopg.connect(metadata_url) as database:
        there = database.execute("select to_regclass('connection') is not null").fetchone()
        if not there or not there[0]:
            return None
        row = database.execute(
            "select host, port, schema, login, password, is_encrypted from connection where conn_id = %s",
            (WAREHOUSE_CONN_ID,),
        ).fetchone()
    if row is None:
        return None
    host, port, name, login, password, is_encrypted = row
    if password and is_encrypted:
        try:
            password = Fernet(fernet_key.encode()).decrypt(password.encode()).decode()
        except InvalidToken:
            raise ServiceError(
                f"The password of Airflow's connection {WAREHOUSE_CONN_ID} was stored with another key. "
                f"Enter it again in Airflow (Admin → Connections), or set CRM_WAREHOUSE_URL."
            ) from None
    who = f"{quote(login, safe='')}:{quote(password or '', safe='')}@" if login else ""
    return f"postgresql://{who}{host or 'localhost'}:{port or 5432}/{name or ''}"
