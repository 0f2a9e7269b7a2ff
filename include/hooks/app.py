"""The one route without Airflow's login: ``POST /{source}`` takes a webhook, checks it, and stores it.

What a caller without the secret can find out is nothing: a source that is not there and a wrong signature get the same
answer in the same time, and no answer has a detail. What it can use up is bounded: a megabyte and ten seconds a
request, so many requests a second and at once.
"""

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from include.hooks.signatures import CLAIMS, Delivery

log = logging.getLogger(__name__)

DOORS_KEPT_SECONDS = 30.0
# Webhooks come in bursts: those of this time are announced together.
ANNOUNCED_AFTER_SECONDS = 0.5


@dataclass(frozen=True)
class Limits:
    """What the route takes on: more is refused."""

    body_bytes: int = 1024 * 1024
    body_seconds: float = 10.0
    at_once: int = 64
    per_second: int = 100  # on average; a burst may have twice as many


@dataclass(frozen=True)
class Door:
    """A source that takes webhooks.

    :param kind: how they are signed, a key of `include.hooks.signatures.CLAIMS`.
    :param secret: what they are signed with.
    :param url: the address that the sender knows.
    """

    kind: str
    secret: str = field(repr=False)
    url: str


Doors = Callable[[], Mapping[str, Door]]
Store = Callable[[str, UUID, bytes], None]
Announce = Callable[[str], None]


def make_app(doors: Doors, store: Store, announce: Announce, limits: Limits | None = None) -> Starlette:
    """The app, with one route.

    :param doors: source → how its webhooks are checked; asked every 30 seconds.
    :param store: commits source, number of the delivery, and body; does nothing for a delivery that is there.
    :param announce: says that webhooks of a source wait; after the answer, once for a burst. It may fail.
    """
    receiver = _Receiver(doors, store, announce, limits or Limits())
    app = Starlette(routes=[Route("/{source}", receiver.receive, methods=["POST"])])
    app.router.redirect_slashes = False
    return app


class _Refused(Exception):
    """Carries the answer: its status, and no detail. The connection ends with it, whatever was still to come."""

    def __init__(self, status: int, retry_after: int | None = None) -> None:
        super().__init__(status)
        headers = {"connection": "close"} | ({"retry-after": str(retry_after)} if retry_after else {})
        self.response = Response(status_code=status, headers=headers)


class _Receiver:
    def __init__(self, doors: Doors, store: Store, announce: Announce, limits: Limits) -> None:
        self._doors = _Kept(doors)
        self._store, self._limits = store, limits
        self._bell = _Bell(announce)
        self._rate = _Rate(limits.per_second)
        self._at_once = 0
        # what an unknown source's webhooks are checked against, so that checking takes as long
        self._nobody = secrets.token_hex(32)

    async def receive(self, request: Request) -> Response:
        if self._at_once >= self._limits.at_once or not self._rate.take():
            return _Refused(429, retry_after=5).response
        self._at_once += 1
        try:
            return await self._receive(request)
        except _Refused as refused:
            return refused.response
        finally:
            self._at_once -= 1

    async def _receive(self, request: Request) -> Response:
        body = await self._body(request)
        source = request.path_params["source"]
        door = (await self._doors.get()).get(source)
        delivery = Delivery(door.url if door else str(request.url), request.headers, body)
        claim = CLAIMS[door.kind if door else "signed"](delivery)
        is_genuine = claim.holds(door.secret if door else self._nobody, time.time())
        if not door or not is_genuine:
            raise _Refused(401)
        number = UUID(bytes=hashlib.sha256(claim.signed).digest()[:16])
        try:
            await run_in_threadpool(self._store, source, number, body)
        except Exception as error:
            log.error("A webhook of %s could not be stored, its sender is asked to try again: %s", source, _line(error))
            raise _Refused(503, retry_after=30) from None
        self._bell.ring(source)
        return JSONResponse({"status": "stored"})

    async def _body(self, request: Request) -> bytes:
        """The body, read no further than is allowed."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise _Refused(415)
        if request.headers.get("content-encoding", "identity") != "identity":
            raise _Refused(415)
        claimed = request.headers.get("content-length", "0")
        if not claimed.isdecimal() or len(claimed) > 9 or int(claimed) > self._limits.body_bytes:
            raise _Refused(413)
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                async for piece in request.stream():
                    body += piece
                    if len(body) > self._limits.body_bytes:
                        raise _Refused(413)
        except TimeoutError:
            raise _Refused(408) from None
        except ClientDisconnect:
            raise _Refused(400) from None
        return bytes(body)


class _Kept:
    """The doors, asked for again after a while; when asking fails, those known so far."""

    def __init__(self, doors: Doors) -> None:
        self._ask, self._lock = doors, asyncio.Lock()
        self._known: Mapping[str, Door] | None = None
        self._asked_at = 0.0

    async def get(self) -> Mapping[str, Door]:
        async with self._lock:
            if self._known is None or time.monotonic() - self._asked_at > DOORS_KEPT_SECONDS:
                try:
                    self._known = await run_in_threadpool(self._ask)
                except Exception as error:
                    log.error("The sources that take webhooks could not be read: %s", _line(error))
                    if self._known is None:
                        raise _Refused(503, retry_after=30) from None
                self._asked_at = time.monotonic()
            return self._known


class _Bell:
    """Announces a source once for all webhooks of half a second. What is never announced, the next sweep finds."""

    def __init__(self, announce: Announce) -> None:
        self._announce = announce
        self._ringing: dict[str, asyncio.Task] = {}

    def ring(self, source: str) -> None:
        if source not in self._ringing:
            self._ringing[source] = asyncio.create_task(self._later(source))

    async def _later(self, source: str) -> None:
        await asyncio.sleep(ANNOUNCED_AFTER_SECONDS)
        del self._ringing[source]
        try:
            await run_in_threadpool(self._announce, source)
        except Exception as error:
            log.error("Webhooks of %s wait for the next sweep, announcing them failed: %s", source, _line(error))


class _Rate:
    """A bucket of tokens: so many flow in a second, and twice as many fit."""

    def __init__(self, per_second: int) -> None:
        self._per_second, self._left, self._at = per_second, 2.0 * per_second, time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self._left = min(2.0 * self._per_second, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:300]}"
