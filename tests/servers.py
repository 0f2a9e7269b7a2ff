"""Servers that come as packages, started on loopback: datasette over a SQLite file, a roundup issue tracker.

``python -m tests.servers HOME`` serves the tracker in a folder and prints its port.
"""

import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import urllib3

from include.settings import PROJECT

CALLS, SECONDS = 2, 4  # the tracker's limit on calls of its API
LOGIN, PASSWORD = "ann", "s3cret-pass:ü"


@contextmanager
def datasette(folder: Path, rows: Iterable[tuple[int, str, int]]) -> Iterator[str]:
    """The address of a datasette with ``crm/contacts`` (id, name, updated_at in ms), 100 rows a page at most."""
    with sqlite3.connect(folder / "crm.db") as database:
        database.execute("create table contacts (id integer primary key, name text, updated_at integer)")
        database.executemany("insert into contacts values (?, ?, ?)", rows)
    database.close()
    port = _free_port()
    command = [sys.executable, "-m", "datasette", str(folder / "crm.db"), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--setting", "max_returned_rows", "100", "--setting", "default_page_size", "100"]
    with _running(command) as process:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while not _answers(f"{address}/-/versions.json"):
            assert process.poll() is None and time.monotonic() < deadline, "datasette did not start"
            time.sleep(0.1)
        yield address


@contextmanager
def roundup(folder: Path, titles: Iterable[str]) -> Iterator[str]:
    """The address of the API of a tracker with an issue for each title; the user `LOGIN` may read them."""
    _make_tracker(folder, titles)
    with _running([sys.executable, "-m", "tests.servers", str(folder)]) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/rest"


@contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _answers(address: str) -> bool:
    try:
        return urllib3.request("GET", address, retries=False, timeout=2).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def _make_tracker(folder: Path, titles: Iterable[str]) -> None:
    from roundup import configuration, init, instance, password

    config = configuration.CoreConfig()
    settings = {
        "TRACKER_HOME": str(folder),
        "MAIL_DOMAIN": "localhost",
        "TRACKER_WEB": "http://127.0.0.1:1/",
        "RDBMS_BACKEND": "sqlite",
        "WEB_API_CALLS_PER_INTERVAL": CALLS,
        "WEB_API_INTERVAL_IN_SEC": SECONDS,
    }
    for name, value in settings.items():
        config[name] = value
    init.install(str(folder), str(Path(sys.prefix) / "share" / "roundup" / "templates" / "classic"))
    (folder / "detectors" / "nosyreaction.py").unlink()  # it sends mail
    config.save(str(folder / config.INI_FILE))
    tracker = instance.open(str(folder))
    tracker.init(password.Password("admin", config=config))
    database = tracker.open("admin")
    try:
        known = password.Password(PASSWORD, config=config)
        database.user.create(username=LOGIN, password=known, roles="User", address="ann@example.com")
        for title in titles:
            database.issue.create(title=title)
        database.commit()
    finally:
        database.close()


def _serve_tracker(folder: str) -> None:
    from wsgiref.simple_server import make_server

    from roundup.cgi.wsgi_handler import RequestDispatcher

    with make_server("127.0.0.1", 0, RequestDispatcher(folder)) as server:
        print(server.server_port, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    _serve_tracker(sys.argv[1])
