"""Talking to an HTTP API that is slow, busy or broken for a while: one request at a time, with patience."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlencode, urlsplit

import orjson
import urllib3

from include.sources.config import Auth
from include.sources.connection import SourceConnection
from include.sources.errors import ReadFailedError
from include.sources.records import NotJsonError

LARGEST_ANSWER_BYTES = 32 * 2**20
_PIECE_BYTES = 2**20
_TIMEOUT = urllib3.Timeout(connect=10, read=60)
_Parsed = TypeVar("_Parsed")


@dataclass(frozen=True)
class Patience:
    """How long to wait for a source, in seconds: doubling from ``first`` to ``longest``, no more than ``total``."""

    first: float = 1.0
    longest: float = 60.0
    total: float = 120.0


PATIENCE = Patience()


@dataclass(frozen=True)
class Call:
    """A request ready to be sent: ``path`` is absolute on the host, and may hold a query."""

    method: str
    path: str
    params: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] | None = None

    @property
    def location(self) -> str:
        """For people: without the query, which may hold what is not for everyone."""
        return f"{self.method} {self.path.partition('?')[0]}"


class _TryAgain(Exception):
    def __init__(self, what: str, wait: float = 0.0) -> None:
        super().__init__(what)
        self.what, self.wait = what, wait


class Client:
    """One API, reached through one connection.

    :param name: the connection's name, for messages.
    :raises ReadFailedError: from the start when the address is no HTTP address.
    """

    def __init__(self, connection: SourceConnection, auth: Auth, name: str) -> None:
        parts = urlsplit(connection.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            what = f"the connection {name} has no address that starts with http:// or https://"
            raise ReadFailedError(name, what, f"Set the host of the connection {name}.")
        self.prefix = parts.path.rstrip("/")
        self._origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._name = name
        self._secret = connection.password
        self._headers = {"accept": "application/json", "accept-encoding": "gzip", **_auth_headers(connection, auth)}
        self._pool = urllib3.PoolManager(retries=False, timeout=_TIMEOUT)
        self._stopped = threading.Event()

    def fetch(self, call: Call, parse: Callable[[bytes], _Parsed]) -> _Parsed:
        """The parsed answer to a request, tried again while the source says that it is busy or answers rubbish.

        :param parse: raises `NotJsonError` for an answer that is not whole.
        :raises ReadFailedError: when it is refused, or when patience is at an end.
        """
        waited, wait = 0.0, PATIENCE.first
        while True:
            try:
                return self._once(call, parse)
            except _TryAgain as again:
                # never less than our own wait: a source that says "at once" for ever would be asked for ever
                pause = max(again.wait, wait * random.uniform(0.5, 1.0))
                if waited + pause > PATIENCE.total:
                    asked = f" and asks to wait {again.wait:.0f} s" if again.wait else ""
                    what = f"{again.what}{asked}, after {waited:.0f} s of trying again"
                    raise ReadFailedError(call.location, what, "Run it again when the source is well.") from None
                if self._stopped.wait(pause):
                    raise ReadFailedError(call.location, "stopped while waiting", "Run it again.") from None
                waited, wait = waited + pause, min(wait * 2, PATIENCE.longest)

    def close(self) -> None:
        """End every wait, and the kept connections."""
        self._stopped.set()
        self._pool.clear()

    def _once(self, call: Call, parse: Callable[[bytes], _Parsed]) -> _Parsed:
        try:
            status, headers, body = self._send(call)
        except urllib3.exceptions.SSLError as error:
            next_step = f"Check the certificate and the host of the connection {self._name}."
            raise ReadFailedError(call.location, f"no secure connection: {error}", next_step) from None
        except urllib3.exceptions.HTTPError as error:
            raise _TryAgain(f"no answer ({type(error).__name__})") from None
        if not 200 <= status < 300:
            self._refused(call, status, headers, body)
        try:
            return parse(body)
        except NotJsonError:
            raise _TryAgain(f"the answer is not whole JSON, it starts with {self._start_of(body)}") from None

    def _send(self, call: Call) -> tuple[int, Any, bytes]:
        separator = "&" if "?" in call.path else "?"
        query = f"{separator}{urlencode(call.params, doseq=True)}" if call.params else ""
        headers, body = self._headers, None
        if call.body is not None:
            headers, body = {**headers, "content-type": "application/json"}, orjson.dumps(call.body)
        url = f"{self._origin}{call.path}{query}"
        response = self._pool.request(
            call.method, url, body=body, headers=headers, preload_content=False, redirect=False
        )
        try:
            return response.status, response.headers, _whole_body(response, call)
        finally:
            response.release_conn()

    def _refused(self, call: Call, status: int, headers: Any, body: bytes) -> NoReturn:
        if status == 429 or status == 408 or status >= 500:
            raise _TryAgain(f"answered {status}", _retry_after(headers.get("retry-after")))
        if status in (401, 403):
            what = f"answered {status}: the login was not accepted"
            raise ReadFailedError(call.location, what, f"Check login and password of the connection {self._name}.")
        if 300 <= status < 400:
            what = f"answered {status}, a redirect"
            raise ReadFailedError(call.location, what, f"Give the connection {self._name} the address it leads to.")
        what = f"answered {status}: {self._start_of(body)}"
        raise ReadFailedError(call.location, what, "Check the request in the source's YAML.")

    def _start_of(self, body: bytes) -> str:
        text = body[:2000].decode("utf-8", "replace")
        if self._secret:
            text = text.replace(self._secret, "***")
        return repr(" ".join(text[:80].split()))


def _whole_body(response: urllib3.BaseHTTPResponse, call: Call) -> bytes:
    pieces, size = [], 0
    while piece := response.read(_PIECE_BYTES):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_ANSWER_BYTES:
            response.close()
            what = f"the answer is larger than {LARGEST_ANSWER_BYTES // 2**20} MB"
            raise ReadFailedError(call.location, what, "Ask for smaller pages in the source's YAML.")
    return b"".join(pieces)


def _auth_headers(connection: SourceConnection, auth: Auth) -> dict[str, str]:
    if auth.kind == "bearer":
        return {"authorization": f"Bearer {connection.password}"}
    if auth.kind == "basic":
        return urllib3.make_headers(basic_auth=f"{connection.login}:{connection.password}")
    if auth.kind == "header" and auth.name:
        return {auth.name: connection.password}
    return {}


def _retry_after(value: str | None) -> float:
    """Seconds from now, of a header that holds seconds or a date."""
    if not value:
        return 0.0
    if value.strip().isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - datetime.now(UTC).timestamp())
