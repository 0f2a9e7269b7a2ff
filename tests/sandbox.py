"""The sandbox company as a fixture: a process of its own, a clock that tests move, what its sources gave each day."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import urllib3

from include.settings import PROJECT
from include.sources import SourceConnection, read
from include.sources.config import Entity, Source, load_sources
from include.sources.config.auth import OAuth2Auth
from include.window import Window
from tests.deliveries import Delivery

# What has no history of its own in a source, and is a new version on every day that it is seen.
SNAPSHOTS = ("sandbox_site",)
# Of four kinds of activity that only differ in name, one stands for all: the replays are long enough.
LIKE_EMAILS = ("calls", "meetings", "tasks")


@dataclass
class Sandbox:
    """A running sandbox company."""

    url: str
    orders: Path

    def set_clock(self, instant: str) -> None:
        """Move its clock, forward only as far as it goes."""
        self.ask("POST", "clock", {"now": instant})

    def ask(self, method: str, path: str, body: dict | None = None):
        """Ask the sandbox's own controls."""
        answer = urllib3.request(method, f"{self.url}/_sandbox/{path}", json=body, retries=False, timeout=30)
        assert answer.status == 200, answer.data
        return answer.json()

    def ask_crm(self, path: str) -> dict:
        """Ask its CRM."""
        from include.sandbox.catalog import CRM_TOKEN

        headers = {"authorization": f"Bearer {CRM_TOKEN}"}
        answer = urllib3.request("GET", f"{self.url}{path}", headers=headers, retries=False, timeout=30)
        assert answer.status == 200, answer.data
        return answer.json()

    def connection(self, source: Source) -> SourceConnection:
        """How to reach one of its sources."""
        from include.sandbox.catalog import CRM_TOKEN, DESK_TOKEN

        secret = {"sandbox_crm": CRM_TOKEN, "sandbox_helpdesk": DESK_TOKEN}.get(source.name, "")
        return SourceConnection(self.url, "user/token", secret, {"path": str(self.orders)})

    def client(self, source: Source) -> SourceConnection:
        """How to reach a source that `with_expiring_tokens` made of one of its own."""
        from include.sandbox.catalog import CLIENT_ID, REFRESH_TOKEN

        secret = self.connection(source).password
        return SourceConnection(self.url, CLIENT_ID, secret, {"refresh_token": REFRESH_TOKEN})

    def pull(self, source: Source, entity: Entity, window: Window) -> Delivery:
        """What a source gives for a window, at the sandbox's present time."""
        pages = tuple(read(source, entity, window, self.connection(source)))
        return Delivery(source.name, entity.name, window, pages)


@contextmanager
def running(state: Path, *arguments: str) -> Iterator[Sandbox]:
    """Start a sandbox on a free port; it ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "include.sandbox", "--port", str(port), "--state", str(state), "--rate-limit", "0"]
    process = subprocess.Popen(
        [*command, *arguments], cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)}, stdout=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                if urllib3.request("GET", f"{url}/_sandbox/health", retries=False, timeout=2).status == 200:
                    break
            except urllib3.exceptions.HTTPError:
                pass
            assert process.poll() is None and time.monotonic() < deadline, "the sandbox did not start"
            time.sleep(0.1)
        yield Sandbox(url, state / "orders")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def with_expiring_tokens(source: Source, lateness: timedelta) -> Source:
    """The sandbox's CRM or help desk with a login whose tokens expire, and records that turn up late."""
    auth = {
        "sandbox_crm": OAuth2Auth(kind="oauth2", grant="refresh_token", token_path="/oauth/v1/token"),
        "sandbox_helpdesk": OAuth2Auth(kind="oauth2", grant="client_credentials", token_path="/oauth/tokens"),
    }[source.name]
    return source.model_copy(update={"auth": auth, "lateness": lateness})


def sources() -> list[Source]:
    """The sandbox's sources whose records have a history, or come once."""
    return [s for s in load_sources().values() if s.name.startswith("sandbox_") and s.name not in SNAPSHOTS]


def entities(source: Source) -> list[Entity]:
    """The entities of a source that are pulled."""
    return [entity for entity in source.entities.values() if entity.name not in LIKE_EMAILS]


def record(sandbox: Sandbox, days: list[date]) -> list[Delivery]:
    """Every day's deliveries as a daily schedule would have pulled them, just after the day's end."""
    given = []
    for day in days:
        window = Window.day(day)
        sandbox.set_clock(window.end.isoformat())
        for source in sources():
            for entity in entities(source):
                delivery = sandbox.pull(source, entity, window)
                if delivery.pages:
                    given.append(delivery)
    return given
