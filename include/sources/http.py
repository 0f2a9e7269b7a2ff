"""Talking to an HTTP API that is slow, busy or broken for a while: one request at a time, with patience."""

import logging
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar
from urllib.parse import urlencode, urlsplit

import orjson
import urllib3

from include.sources.call import Answer, Call
from include.sources.config.auth import Auth
from include.sources.connection import SourceConnection
from include.sources.credentials import Credentials, token_answer
from include.sources.errors import LoginRefusedError, ReadFailedError
from include.sources.pace import asked_wait, is_exhausted, spread
from include.sources.records import NotJsonError

LARGEST_ANSWER_BYTES = 32 * 2**20
_PIECE_BYTES = 2**20
_TIMEOUT = urllib3.Timeout(connect=10, read=60)
_TOLD_FROM_SECONDS = 5.0
# RFC 6749, section 5.2
_LOGIN_ERROR = re.compile(
    rb'"error"\s*:\s*"(invalid_request|invalid_client|invalid_grant|unauthorized_client|unsupported_grant_type|'
    rb'invalid_scope)"'
)
_Parsed = TypeVar("_Parsed")

log = logging.getLogger(__name__)


class _WithoutQuery(logging.Filter):
    """urllib3 logs every address, whose query may hold a key or a customer's data."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(part.partition("?")[0] if isinstance(part, str) else part for part in record.args)
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_WithoutQuery())


@dataclass(frozen=True)
class Patience:
    """How long a request waits for a source, in seconds.

    Our own waits double from ``first`` to ``longest``, no more than ``total``; waits that the source asks for may be
    ``asked`` in all.
    """

    first: float = 1.0
    longest: float = 60.0
    total: float = 120.0
    asked: float = 3600.0


PATIENCE = Patience()


class _TryAgain(Exception):
    """:param asked: seconds that the source asks to wait; None when it does not say."""

    def __init__(self, what: str, asked: float | None = None) -> None:
        super().__init__(what)
        self.what, self.asked = what, asked


class _Unauthorized(Exception):
    pass


class Client:
    """One API, reached through one connection.

    :param name: the connection's name, for messages.
    :param patience: None for that of a load.
    :raises ReadFailedError: from the start when the address is no HTTP address.
    """

    def __init__(self, connection: SourceConnection, auth: Auth, name: str, patience: Patience | None = None) -> None:
        parts = urlsplit(connection.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            what = f"the connection {name} has no address that starts with http:// or https://"
            raise ReadFailedError(name, what, f"Set the host of the connection {name}.")
        self.prefix = parts.path.rstrip("/")
        self._origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._name = name
        self._patience = patience or PATIENCE
        self._credentials = Credentials(connection, auth, self.prefix, name)
        self._pool = urllib3.PoolManager(retries=False, timeout=_TIMEOUT)
        self._stopped = threading.Event()
        self._wait_turn = connection.wait_turn
        self._not_before = 0.0  # by the monotonic clock: what the source's last answer asks for

    def fetch(self, call: Call, parse: Callable[[Answer], _Parsed]) -> _Parsed:
        """The parsed answer to a request, tried again while the source says that it is busy or answers rubbish.

        A token that was good and is refused is asked for anew, and the same request sent again.

        :param parse: raises `NotJsonError` for an answer that is not whole.
        :raises ReadFailedError: when it is refused, or when patience is at an end.
        """
        is_new_token = self._credentials.needs_token
        if is_new_token:
            self._renew_token()
        return self._patiently(call, parse, is_new_token)

    def close(self) -> None:
        """End every wait, and the kept connections."""
        self._stopped.set()
        self._pool.clear()

    def _renew_token(self) -> None:
        call = self._credentials.token_call()
        answer = self._patiently(call, lambda answer: token_answer(answer.body), is_new_token=True)
        self._credentials.keep(answer, call.location)

    def _patiently(self, call: Call, parse: Callable[[Answer], _Parsed], is_new_token: bool) -> _Parsed:
        """:param is_new_token: whether the token was not used yet: when it is refused, the next one would be too."""
        waited, own, asked, wait = 0.0, 0.0, 0.0, self._patience.first
        while True:
            try:
                return self._once(call, parse)
            except _Unauthorized:
                if is_new_token or not self._credentials.renews:
                    raise self._login_refused(call) from None
                self._renew_token()
                is_new_token = True
            except _TryAgain as again:
                is_new_token = False
                jitter = random.uniform(0, wait)
                if again.asked:
                    pause, asked = again.asked + min(jitter, self._patience.first), asked + again.asked
                else:
                    pause, own, wait = jitter, own + jitter, min(wait * 2, self._patience.longest)
                if own > self._patience.total or asked > self._patience.asked:
                    asks = f" and asks to wait {again.asked:.0f} s" if again.asked else ""
                    what = f"{again.what}{asks}, after {waited:.0f} s of trying again"
                    raise ReadFailedError(call.location, what, "Run it again when the source is well.") from None
                self._sleep(pause, call, again.what)
                waited += pause

    def _once(self, call: Call, parse: Callable[[Answer], _Parsed]) -> _Parsed:
        try:
            self._take_turn(call)
            answer = self._send(call)
        except urllib3.exceptions.SSLError as error:
            next_step = f"Check the certificate and the host of the connection {self._name}."
            what = f"no secure connection: {self._credentials.hide(str(error))}"
            raise ReadFailedError(call.location, what, next_step) from None
        except urllib3.exceptions.HTTPError as error:
            raise _TryAgain(f"no answer ({type(error).__name__})") from None
        if not 200 <= answer.status < 300 and answer.status not in call.accepted:
            self._refused(call, answer)
        if not call.origin:
            self._not_before = time.monotonic() + spread(answer.headers)
        try:
            return parse(answer)
        except NotJsonError:
            what = f"the answer is not whole JSON{self._start_of(call, answer, ', it starts with ')}"
            raise _TryAgain(what) from None

    def _take_turn(self, call: Call) -> None:
        if call.origin:
            return
        pause = self._not_before - time.monotonic()
        if 0 < pause <= self._patience.asked:  # beyond that the source refuses, and says why
            self._sleep(pause, call, "few requests are left")
        if self._wait_turn:
            pause = self._wait_turn()
            if pause > self._patience.asked:
                what = f"the budget is used up: the next request may be sent in {pause:.0f} s"
                raise ReadFailedError(
                    call.location, what, "Run it again then, or look at budget: in the source's YAML."
                )
            self._sleep(pause, call, "the budget is used up")

    def _sleep(self, seconds: float, call: Call, why: str) -> None:
        if seconds >= _TOLD_FROM_SECONDS:
            log.info("%s: %s: waits %.0f s", self._name, why, seconds)
        if seconds > 0 and self._stopped.wait(seconds):
            raise ReadFailedError(call.location, "stopped while waiting", "Run it again.")

    def _send(self, call: Call) -> Answer:
        headers = {"accept": "application/json", "accept-encoding": "gzip", **call.headers}
        path, params, body = call.path, call.params, None
        if not call.is_login:
            headers |= self._credentials.headers
            path, params = self._credentials.into_query(path, params)
        if call.form is not None:
            headers["content-type"], body = "application/x-www-form-urlencoded", urlencode(call.form).encode()
        elif call.body is not None:
            headers["content-type"], body = "application/json", orjson.dumps(call.body)
        separator = "&" if "?" in path else "?"
        query = f"{separator}{urlencode(params, doseq=True)}" if params else ""
        url = f"{call.origin or self._origin}{path}{query}"
        response = self._pool.request(
            call.method, url, body=body, headers=headers, preload_content=False, redirect=False
        )
        try:
            return Answer(response.status, response.headers, _whole_body(response, call))
        finally:
            response.release_conn()

    def _refused(self, call: Call, answer: Answer) -> NoReturn:
        status = answer.status
        if status in (408, 429) or status >= 500 or (status == 403 and is_exhausted(answer.headers)):
            self._not_before = 0.0  # what it asks for now counts
            raise _TryAgain(f"answered {status}", asked_wait(answer.headers))
        if status == 401:
            raise _Unauthorized
        if status == 403:
            raise self._login_refused(call, status)
        if 300 <= status < 400:
            what = f"answered {status}, a redirect"
            next_step = f"Give the connection {self._name} the address it leads to."
            raise ReadFailedError(call.location, what, next_step)
        what = f"answered {status}{self._start_of(call, answer, ': ')}"
        place = f"the connection {self._name}, and auth:" if call.is_login else "the request"
        raise ReadFailedError(call.location, what, f"Check {place} in the source's YAML.")

    def _login_refused(self, call: Call, status: int = 401) -> LoginRefusedError:
        what = f"answered {status}: the login was not accepted"
        return LoginRefusedError(call.location, what, f"Check login and password of the connection {self._name}.")

    def _start_of(self, call: Call, answer: Answer, before: str) -> str:
        """The start of an answer, for people; of one to a login, which may hold a token, only the error's name."""
        if call.is_login:
            return f"{before}{found[1].decode()}" if (found := _LOGIN_ERROR.search(answer.body)) else ""
        text = self._credentials.hide(answer.body[:2000].decode("utf-8", "replace"))
        return f"{before}{' '.join(text[:80].split())!r}"


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
