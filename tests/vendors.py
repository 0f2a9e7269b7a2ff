"""The ready-made sources against what their vendors' documentation shows: a server that replays it on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from include.settings import PROJECT
from include.sources import SourceConnection
from include.sources.fields import value_at

FOLDER = PROJECT / "tests" / "data" / "vendors"
TOKEN: dict[str, Any] = json.loads((FOLDER / "salesforce_token.json").read_text("utf-8"))


@dataclass(frozen=True)
class Shown:
    """What a vendor's pages show of one entity: the addresses of the pages, and requests with their answers."""

    pages: tuple[str, ...]
    shows: str
    exchanges: tuple[dict[str, Any], ...]


def shown(source: str, entity: str) -> Shown:
    """Read ``tests/data/vendors/<source>/<entity>.json``; Salesforce gives a token first."""
    found = json.loads((FOLDER / source / f"{entity}.json").read_text("utf-8"))
    if source == "salesforce":
        found["exchanges"] = TOKEN["exchanges"] + found["exchanges"]
    return Shown(tuple(found["pages"]), found["shows"], tuple(found["exchanges"]))


def entities() -> list[tuple[str, str]]:
    """Every source and entity that there is a file of."""
    return sorted((path.parent.name, path.stem) for path in FOLDER.glob("*/*.json"))


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]


class Vendor:
    """Answers each request as the first exchange that fits it says; what none fits is not found."""

    def __init__(self, exchanges: tuple[dict[str, Any], ...]) -> None:
        self.exchanges = exchanges
        self.asked: list[Asked] = []
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self) -> None:
                url = urlsplit(self.path)
                text = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
                asked = Asked(
                    self.command,
                    url.path,
                    {name: values[0] for name, values in parse_qs(url.query).items()},
                    (json.loads(text) if text.startswith("{") else text) if text else None,
                    {name.lower(): value for name, value in self.headers.items()},
                )
                vendor.asked.append(asked)
                fitting = [exchange for exchange in vendor.exchanges if _fits(asked, exchange["request"])]
                answer: Any = fitting[0] if fitting else {"status": 404, "response": {"message": "nothing shows this"}}
                raw = json.dumps(answer["response"]).encode()
                self.send_response(answer.get("status", 200))
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = handle_one

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.connection = SourceConnection(f"http://127.0.0.1:{self.server.server_address[1]}", "ann", "s3cret")


def _fits(asked: Asked, request: dict[str, Any]) -> bool:
    return (
        (asked.method, asked.path) == (request["method"], request["path"])
        and all(asked.query.get(name) == value for name, value in request.get("query", {}).items())
        and all(value_at(asked.body, path) == value for path, value in request.get("body", {}).items())
    )


@contextmanager
def replaying(exchanges: tuple[dict[str, Any], ...]) -> Iterator[Vendor]:
    """A server for the block."""
    vendor = Vendor(exchanges)
    # it looks every 10 ms whether it is to end
    threading.Thread(target=vendor.server.serve_forever, args=[0.01], daemon=True).start()
    try:
        yield vendor
    finally:
        vendor.server.shutdown()
        vendor.server.server_close()
