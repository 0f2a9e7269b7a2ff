"""What ``./crm up`` starts and ``./crm down`` stops: the embedded PostgreSQL, Airflow, and the sandbox company.

Everything started here ends with the command that started it. When that command was killed, ``services.json`` still
says what it had started, and ``./crm down`` ends that.
"""

import atexit
import fcntl
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import urllib3

from include.local import airflow, connections, pools, processes
from include.local.errors import ServiceError
from include.local.files import last_line, write_private
from include.local.ports import HOST, first_free
from include.local.postgres import AIRFLOW, PREFERRED_PORT, Cluster
from include.local.processes import Child
from include.settings import STATE
from include.warehouse.connection import Warehouse
from include.warehouse.migrations import migrate

SANDBOX_PORT, SMTP_PORT = 8765, 8025
HEALTHY_SECONDS = 180
STOP_SECONDS = 90

Tell = Callable[[str], None]


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def cluster() -> Cluster:
    """The embedded PostgreSQL of this installation."""
    return Cluster(STATE / "postgres")


@dataclass
class Running:
    """Services that this process started and that end with it."""

    env: dict[str, str] = field(repr=False)
    children: list[Child]
    sandbox_url: str | None
    smtp_port: int | None
    lock: IO[str] = field(repr=False)
    stopped: bool = False

    @property
    def airflow_url(self) -> str:
        return airflow.address(self.env)

    @property
    def airflow_user(self) -> str:
        return airflow.USER

    @property
    def airflow_password(self) -> str:
        return airflow.own_secrets(STATE)["airflow_password"]

    def check(self) -> None:
        """
        :raises ServiceError: when a service ended by itself; the text has the last line of its log.
        """
        for child in self.children:
            if child.process() is None:
                log = STATE / "logs" / f"{child.name}.log"
                raise ServiceError(f"{child.name} ended by itself: {last_line(log.read_text())} See {log}.")

    def wait(self) -> None:
        """Serve until Ctrl-C, SIGTERM, ``./crm down`` or the end of a service, then stop everything.

        :raises ServiceError: when a service ended by itself.
        """
        try:
            while True:
                self.check()
                time.sleep(1)
        except KeyboardInterrupt:
            return
        finally:
            self.stop()

    def stop(self) -> None:
        """Stop everything; safe to call again."""
        if self.stopped:
            return
        self.stopped = True
        processes.stop(self.children)
        cluster().stop()
        _services_file().unlink(missing_ok=True)
        self.lock.close()


def up(sandbox: bool = False, sandbox_arguments: Sequence[str] = (), tell: Tell = _tell) -> Running:
    """Start the embedded PostgreSQL, Airflow and, when asked, the sandbox company; return when all answer.

    SIGTERM and SIGHUP end the calling process from here on, and its end stops the services.

    :param sandbox_arguments: passed on to ``python -m include.sandbox``, as ``["--now", "2026-03-01T00:00:00Z"]``.
    :param tell: gets one line a notice: a port that is taken, a connection that was left alone.
    :raises ServiceError: when something cannot be started, or the services run already.
    """
    STATE.mkdir(parents=True, exist_ok=True)
    lock = _take_lock()
    processes.stop(_noted_children())  # left by a killed command
    running = Running({}, [], None, None, lock)
    atexit.register(running.stop)
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _end)
    try:
        _start(running, sandbox, sandbox_arguments, tell)
    except BaseException:
        running.stop()
        raise
    return running


def _start(running: Running, sandbox: bool, sandbox_arguments: Sequence[str], tell: Tell) -> None:
    wanted = cluster().port or PREFERRED_PORT
    address = cluster().start()
    _note(running)
    if cluster().port != wanted:
        tell(f"Port {wanted} is taken: PostgreSQL listens on {cluster().port}.")
    running.env.update(airflow_environment(tell))
    with ThreadPoolExecutor() as pool:
        warehouse_done: Future[int] = pool.submit(lambda: migrate(warehouse()))
        if sandbox:
            running.env["CRM_SANDBOX"] = os.environ["CRM_SANDBOX"] = "1"  # its sources are switched on
            _start_sandbox(running, sandbox_arguments, tell)
        airflow.migrate(running.env)
        pools.keep(cluster().url(AIRFLOW))
        warehouse_done.result()
    running.children += airflow.start(running.env)
    _note(running)
    airflow.wait_healthy(running.env, HEALTHY_SECONDS, running.check)
    if running.sandbox_url:
        _wait_sandbox(running)
    for name in connections.keep(running.env, _wanted_connections(running, address)):
        tell(f"Airflow's connection {name} was changed by hand and is left as it is.")


def _start_sandbox(running: Running, arguments: Sequence[str], tell: Tell) -> None:
    port, smtp_port = _port("sandbox", SANDBOX_PORT, tell), first_free(SMTP_PORT)
    command = ["-m", "include.sandbox", "--port", str(port), "--smtp-port", str(smtp_port)]
    command += ["--state", str(STATE / "sandbox"), *arguments]
    running.children.append(processes.start("sandbox", command, running.env, STATE / "logs"))
    running.sandbox_url, running.smtp_port = f"http://{HOST}:{port}", smtp_port
    _note(running)


def _wait_sandbox(running: Running) -> None:
    deadline = time.monotonic() + HEALTHY_SECONDS
    while True:
        running.check()
        try:
            answer = urllib3.request("GET", f"{running.sandbox_url}/_sandbox/health", retries=False, timeout=5)
            if answer.status == 200:
                return
        except urllib3.exceptions.HTTPError:
            pass
        if time.monotonic() > deadline:
            raise ServiceError(f"The sandbox company does not answer at {running.sandbox_url}. See {STATE}/logs.")
        time.sleep(0.1)


def _wanted_connections(running: Running, address: str) -> list[dict]:
    wanted = []
    if not elsewhere():
        wanted.append(connections.warehouse_connection(address))
    if running.sandbox_url:
        wanted += sandbox_connections(running)
    return wanted


def sandbox_connections(running: Running) -> list[dict]:
    """How to reach the running sandbox company, as Airflow's API takes connections."""
    from include.sandbox.catalog import CRM_TOKEN, DESK_TOKEN

    port = urlsplit(running.sandbox_url or "").port or SANDBOX_PORT
    return connections.sandbox_connections(port, CRM_TOKEN, DESK_TOKEN, STATE / "sandbox" / "orders")


def down() -> list[str]:
    """Stop what ``up`` started, here or in another process, and the embedded PostgreSQL.

    :return: the names of what was stopped.
    """
    children = _noted_children()
    stopped = []
    command = _noted("command")
    parent = Child(**command).process() if command else None
    if parent is not None and parent.pid != os.getpid():
        stopped = [child.name for child in children if child.process()]
        parent.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while Child(**command).process() and time.monotonic() < deadline:
            time.sleep(0.1)
    left = processes.stop(children)
    if cluster().is_running() or stopped:
        cluster().stop()
        left.append("postgres")
    _services_file().unlink(missing_ok=True)
    return list(dict.fromkeys(stopped + left))


def airflow_environment(tell: Tell = _tell) -> dict[str, str]:
    """The environment that Airflow's commands need; the embedded PostgreSQL is started when it is not running.

    While the services run it names their ports, else the next ones.
    """
    cluster().start()
    noted = _noted("airflow_port") if _noted_children() else None
    port = noted or _port("airflow", airflow.PREFERRED_PORT, tell)
    with_sandbox = {"CRM_SANDBOX": "1"} if _noted("sandbox_url") and _noted_children() else {}
    return airflow.environment(STATE, cluster().url(AIRFLOW), port, elsewhere()) | with_sandbox


def warehouse() -> Warehouse:
    """The warehouse of this installation, for the command line.

    The first of: CRM_WAREHOUSE_URL, AIRFLOW_CONN_CRM_WAREHOUSE, Airflow's connection ``crm_warehouse``, the embedded
    PostgreSQL. The embedded one is started when it is not running, and left running until ``./crm down``.

    :raises ServiceError: when the address cannot be read or the server not be started.
    """
    if url := elsewhere():
        return Warehouse(url)
    embedded = cluster().start()
    key = airflow.own_secrets(STATE)["fernet_key"]
    stored = connections.stored_warehouse(cluster().url(AIRFLOW), key)
    ours = json.loads(note.read_text()) if (note := STATE / "connections.json").exists() else {}
    # The one that ./crm up left may carry the port of the last start.
    return Warehouse(embedded if stored is None or _is_left(stored, ours) else stored)


def connection(conn_id: str) -> connections.Connection | None:
    """A connection of Airflow's, for the command line: AIRFLOW_CONN_<ID>, or the one in Airflow's own table.

    The embedded PostgreSQL is started for it when there is one, and left as it was.

    :raises ServiceError: when it cannot be read.
    """
    if found := connections.from_environment(conn_id, os.environ):
        return found
    embedded = cluster()
    if not embedded.exists():  # in a container Airflow's own settings say where its table is
        url, key = (os.environ.get(f"AIRFLOW__{name}") for name in ("DATABASE__SQL_ALCHEMY_CONN", "CORE__FERNET_KEY"))
        return connections.stored(url.replace("+psycopg2", ""), key, conn_id) if url and key else None
    ran = embedded.is_running()
    embedded.start()
    try:
        return connections.stored(embedded.url(AIRFLOW), airflow.own_secrets(STATE)["fernet_key"], conn_id)
    finally:
        if not ran:
            embedded.stop()


def _is_left(stored: str, ours: dict) -> bool:
    parts, left = urlsplit(stored), ours.get("crm_warehouse") or {}
    at = (parts.hostname, parts.port, parts.path.lstrip("/"))
    return at == (left.get("host"), left.get("port"), left.get("schema"))


def elsewhere() -> str | None:
    """A warehouse that an environment variable names, as ``postgresql://…``."""
    for name in ("CRM_WAREHOUSE_URL", "AIRFLOW_CONN_CRM_WAREHOUSE"):
        value = os.environ.get(name, "").strip()
        if value:
            try:
                return Warehouse(value).url
            except ValueError as error:
                raise ServiceError(f"{name} cannot be read: {error}.") from None
    return None


def is_up() -> bool:
    """Whether services that ``up`` started run."""
    return any(child.process() for child in _noted_children())


def _port(name: str, preferred: int, tell: Tell) -> int:
    port = first_free(preferred)
    if port != preferred:
        tell(f"Port {preferred} is taken: {name} listens on {port}.")
    return port


# services.json


def _services_file() -> Path:
    return STATE / "services.json"


def _note(running: Running) -> None:
    port = running.env.get("AIRFLOW__API__PORT")
    noted = {
        "command": asdict(processes.this_process()),
        "children": [asdict(child) for child in running.children],
        "airflow_port": int(port) if port else None,
        "sandbox_url": running.sandbox_url,
        "postgres_port": cluster().port,
    }
    write_private(_services_file(), json.dumps(noted, indent=2))


def _noted(key: str):
    try:
        return json.loads(_services_file().read_text()).get(key)
    except (FileNotFoundError, ValueError):
        return None


def _noted_children() -> list[Child]:
    return [Child(**child) for child in _noted("children") or []]


def _take_lock() -> IO[str]:
    """The lock that a running ``up`` holds; the system lets go of it when the process ends, however it ends."""
    file = (STATE / "up.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        port = _noted("airflow_port")
        where = f" at http://{HOST}:{port}" if port else ""
        raise ServiceError(f"The services run already{where}. ./crm down stops them.") from None
    return file


def _end(number: int, frame: object) -> None:
    raise SystemExit(128 + number)
