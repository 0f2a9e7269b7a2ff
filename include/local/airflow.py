"""Airflow on this machine: its environment, its database, its four processes, and its API.

Airflow is run and asked, never imported.
"""

import importlib.metadata
import json
import os
import secrets
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg
import urllib3

from include.local import processes
from include.local.errors import ServiceError
from include.local.files import last_line, write_private
from include.local.ports import HOST
from include.local.processes import Child
from include.settings import PROJECT

PREFERRED_PORT = 8080
USER = "admin"
COMPONENTS = {
    "api-server": ["api-server"],
    # The API server reads the logs of this machine as files: no log servers, and so no fixed ports.
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}

_http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=30))


def own_secrets(state: Path) -> dict[str, str]:
    """Passwords and keys of this installation, made on first use and kept in ``secrets.json``, for its owner only."""
    path = state / "secrets.json"
    if not path.exists():
        state.mkdir(parents=True, exist_ok=True)
        write_private(
            path,
            json.dumps(
                {
                    "airflow_password": secrets.token_urlsafe(12),
                    "fernet_key": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
                    "jwt_secret": secrets.token_urlsafe(48),
                    "api_secret_key": secrets.token_urlsafe(48),
                },
                indent=2,
            ),
        )
    return json.loads(path.read_text())


def environment(state: Path, metadata_url: str, port: int, warehouse_url: str | None = None) -> dict[str, str]:
    """The environment variables that Airflow's processes and commands run with.

    Ours come before the caller's where they say where things are; the caller's come before ours where they tune.

    :param state: the folder of the installation's state (``.crm``).
    :param metadata_url: Airflow's own database, ``postgresql://…``.
    :param port: the port of the UI and the API, on 127.0.0.1.
    :param warehouse_url: a warehouse elsewhere, given to Airflow as its connection ``crm_warehouse``.
    """
    own = own_secrets(state)
    home = state / "airflow"
    home.mkdir(parents=True, exist_ok=True)
    passwords = home / "passwords.json"
    write_private(passwords, json.dumps({USER: own["airflow_password"]}))
    address = f"http://{HOST}:{port}"
    tuning = {
        "AIRFLOW__CORE__PARALLELISM": str(max(4, min(16, 2 * (os.cpu_count() or 2)))),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "15",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
        "AIRFLOW__LOGGING__UVICORN_LOGGING_LEVEL": "WARNING",
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
        "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "great_expectations=WARNING",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "utc",
        # Nothing about this installation is reported to anyone.
        "DO_NOT_TRACK": "1",
        "SCARF_NO_ANALYTICS": "true",
        "GX_ANALYTICS_ENABLED": "false",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        # macOS ends processes that fork after using its networking, unless told that we know.
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",
    }
    places = {
        "AIRFLOW_HOME": str(home),
        "CRM_STATE": str(state),
        "PYTHONPATH": str(PROJECT),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__CORE__FERNET_KEY": own["fernet_key"],
        "AIRFLOW__API_AUTH__JWT_SECRET": own["jwt_secret"],
        "AIRFLOW__API__SECRET_KEY": own["api_secret_key"],
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata_url.replace("postgresql://", "postgresql+psycopg2://"),
        # A proxy of the caller's is not asked for what is on this machine.
        "no_proxy": ",".join(filter(None, [os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), HOST])),
    }
    places["NO_PROXY"] = places["no_proxy"]
    if warehouse_url:
        places["AIRFLOW_CONN_CRM_WAREHOUSE"] = warehouse_url
    return {**tuning, **os.environ, **places}


def address(env: Mapping[str, str]) -> str:
    """Where the UI and the API answer: ``http://127.0.0.1:<port>``."""
    return env["AIRFLOW__API__BASE_URL"]


def migrate(env: Mapping[str, str]) -> bool:
    """Make Airflow's tables, or bring them up to this version; does nothing when that was done.

    :return: whether there was anything to do.
    :raises ServiceError: when Airflow's command fails.
    """
    note = Path(env["AIRFLOW_HOME"]) / "migrated"
    version = importlib.metadata.version("apache-airflow-core")
    if note.exists() and note.read_text() == version and _has_tables(env):
        return False
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        env=env,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # Ctrl-C does not end it half-way
    )
    if done.returncode != 0:
        log = Path(env["CRM_STATE"]) / "logs" / "migrate.log"
        log.parent.mkdir(exist_ok=True)
        write_private(log, done.stdout + done.stderr)
        raise ServiceError(f"Airflow could not prepare its database: {last_line(done.stderr)}. See {log}.")
    note.write_text(version)
    return True


def _has_tables(env: Mapping[str, str]) -> bool:
    with psycopg.connect(env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")) as connection:
        row = connection.execute("select to_regclass('alembic_version') is not null").fetchone()
    return bool(row and row[0])


def start(env: Mapping[str, str]) -> list[Child]:
    """Start Airflow's API server, scheduler, DAG processor and triggerer; logs go to ``.crm/logs``."""
    logs = Path(env["CRM_STATE"]) / "logs"
    return [processes.start(name, ["-m", "airflow", *command], env, logs) for name, command in COMPONENTS.items()]


def health(env: Mapping[str, str]) -> dict[str, str]:
    """The state of each part (metadatabase, scheduler, dag_processor, triggerer) by Airflow's own word.

    Empty while the API server does not answer.
    """
    try:
        answer = _http.request("GET", f"{address(env)}/api/v2/monitor/health", timeout=5)
        return {part: said["status"] for part, said in answer.json().items() if said.get("status")}
    except (urllib3.exceptions.HTTPError, ValueError, AttributeError):
        return {}


def wait_healthy(env: Mapping[str, str], timeout: float, check: Callable[[], None] = lambda: None) -> None:
    """Wait until every part is healthy.

    :param timeout: seconds.
    :param check: called between looks; raises when waiting has become useless.
    :raises ServiceError: when a part is not healthy in time; the text names it.
    """
    deadline = time.monotonic() + timeout
    while True:
        check()
        parts = health(env)
        sick = [
            part for part in ("metadatabase", "scheduler", "dag_processor", "triggerer") if parts.get(part) != "healthy"
        ]
        if not sick:
            return
        if time.monotonic() > deadline:
            what = ", ".join(sick) if parts else "the API server"
            raise ServiceError(
                f"Airflow is not healthy after {timeout:.0f} s: {what} does not answer. See {env['CRM_STATE']}/logs."
            )
        time.sleep(0.2)


def token(env: Mapping[str, str]) -> str:
    """A bearer token for ``/api/v2``, valid for a day."""
    own = own_secrets(Path(env["CRM_STATE"]))
    body = {"username": USER, "password": own["airflow_password"]}
    return _call(env, "POST", "/auth/token", body, None)["access_token"]


def request(env: Mapping[str, str], method: str, path: str, body: Any = None, bearer: str | None = None) -> Any:
    """Call Airflow's API: ``request(env, "GET", "/api/v2/dags")``; gives the JSON of the answer.

    :param bearer: what ``token`` gave, to save asking for one with every call.
    :return: None when the answer is empty, or a GET finds nothing.
    :raises ServiceError: when Airflow does not answer or refuses.
    """
    return _call(env, method, path, body, bearer or token(env))


def _call(env: Mapping[str, str], method: str, path: str, body: Any, bearer: str | None) -> Any:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    try:
        answer = _http.request(method, address(env) + path, json=body, headers=headers)
    except urllib3.exceptions.HTTPError as error:
        raise ServiceError(
            f"Airflow does not answer at {address(env)} ({error}). Is it up? ./crm up starts it."
        ) from None
    if answer.status == 404 and method == "GET":
        return None
    if answer.status >= 400:
        raise ServiceError(f"Airflow refused {method} {path} with status {answer.status}: {answer.data.decode()[:500]}")
    return answer.json() if answer.data else None
