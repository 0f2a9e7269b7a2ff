"""An HTTP API on loopback whose answers a test makes up, and a source that reads it."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from include.sources import Memory, Page, SourceConnection, read
from include.sources.config import Source
from include.window import Window

DAY = Window(datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC))
SNAPSHOT = {"request": {"path": "/deals"}, "records": "results", "snapshot": True}


@dataclass
class Asked:
    """One request as the server saw it."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: Any
    headers: dict[str, str]


@dataclass
class Answer:
    """What the server says; ``body`` is sent as JSON, bytes as they are."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    claimed_length: int | None = None

    def raw(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Api:
    """A server whose answers are made by a function of the request and of how many came before."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked, int], Any] = lambda asked, n: {"results": []}
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are two writes: 40 ms each otherwise

            def handle_one(self) -> None:
                url = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                asked = Asked(
                    self.command,
                    url.path,
                    parse_qs(url.query, keep_blank_values=True),
                    parse_qs(body.decode())
                    if "form" in self.headers.get("content-type", "")
                    else json.loads(body or b"null"),
                    {name.lower(): value for name, value in self.headers.items()},
                )
                api.asked.append(asked)
                answer = api.answer(asked, len(api.asked))
                answer = answer if isinstance(answer, Answer) else Answer(answer)
                raw = answer.raw()
                self.send_response(answer.status)
                self.send_header("content-length", str(answer.claimed_length or len(raw)))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)
                self.close_connection = answer.claimed_length is not None

            do_GET = do_POST = handle_one

            def log_message(self, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # a client that goes away in the middle, as a test has it do

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()

    def connection(self, **changes: Any) -> SourceConnection:
        return SourceConnection(**{"base_url": self.address, "login": "ann", "password": "s3cret-token", **changes})

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()


def source(rest: dict[str, Any], auth: dict[str, Any] | None = None, **more: Any) -> Source:
    """A source of one entity, deals, with the key `id`."""
    return Source.model_validate(
        {
            "name": "shop",
            "description": "A test.",
            "kind": "rest",
            "connection": "shop_connection",
            "enabled": False,
            "auth": auth or {"kind": "bearer"},
            "entities": {"deals": {"feeds": "deal", "id": "id", "version_at": None, "rest": rest}},
            **more,
        }
    )


def pages(
    api: Api,
    rest: dict[str, Any],
    auth: dict[str, Any] | None = None,
    *,
    window: Window = DAY,
    memory: Memory | None = None,
    lateness: str = "0s",
    **connection: Any,
) -> list[Page]:
    """What the source reads from the API for a window."""
    made = source(rest, auth, lateness=lateness)
    return list(read(made, made.entities["deals"], window, api.connection(**connection), memory))


def rows(api: Api, rest: dict[str, Any], auth: dict[str, Any] | None = None, **more: Any) -> list[dict]:
    """The records of `pages`."""
    return [row for page in pages(api, rest, auth, **more) for row in page.rows]
