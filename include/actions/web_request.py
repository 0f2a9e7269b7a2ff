"""A message as one HTTP request: a chat's webhook, a task in a CRM."""

import ssl
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, SSLError

from include.actions.channels import Claimed, InDoubtError, NotSentError
from include.actions.config import HttpChannel
from include.actions.outbox import idempotency_key
from include.sources.connection import SourceConnection
from include.sources.credentials import Credentials
from include.sources.errors import ReadFailedError

_TIMEOUT = urllib3.Timeout(connect=10, read=30)
_SHOWN_BYTES = 120


class Requester:
    """Sends the messages of one HTTP channel, each on a connection of its own, each once.

    :raises NotSentError: from the start, when the Airflow connection has no HTTP address or a secret no header holds.
    """

    def __init__(self, channel: HttpChannel, connection: SourceConnection) -> None:
        self.channel = channel
        parts = urlsplit(connection.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            told = f"the connection {channel.connection} has no address that starts with http:// or https://"
            raise NotSentError(told, is_channel=True)
        self._prefix = parts.path.rstrip("/")
        self._origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._secret_path = "/" + connection.password.lstrip("/") if channel.path_is_password else None
        try:
            self._credentials = Credentials(connection, channel.auth, self._prefix, channel.connection)
        except ReadFailedError as error:
            raise NotSentError(str(error), is_channel=True) from None

    def send(self, claimed: Claimed, at: datetime, hand_over: Callable[[], None]) -> None:
        """Send one request.

        :param hand_over: called before the server is reached.
        :raises NotSentError: the server surely did not do it: it was not reached, or refused it.
        :raises InDoubtError: it may have: no answer came, or one (5xx) that does not say.
        """
        if {".", ".."} & set(urlsplit(claimed.payload["path"] or "").path.split("/")):
            # quoting keeps a foreign key in its part of the path, but for these two
            raise NotSentError("a part of the path is . or .., which would lead elsewhere", is_final=True)
        path, params = self._credentials.into_query(self._secret_path or claimed.payload["path"], {})
        query = f"{'&' if '?' in path else '?'}{urlencode(params)}" if params else ""
        headers = {
            "content-type": "application/json",
            "idempotency-key": idempotency_key(claimed.message_key),
            "connection": "close",
            **self._credentials.headers,
        }
        hand_over()
        try:
            with urllib3.PoolManager(retries=False, timeout=_TIMEOUT) as pool:
                response = pool.request(
                    self.channel.method, f"{self._origin}{self._prefix}{path}{query}",
                    body=orjson.dumps(claimed.payload["body"]), headers=headers, redirect=False, preload_content=False,
                )  # fmt: skip
                self._judge(response)
        except NewConnectionError:
            raise NotSentError(f"{self._origin} cannot be reached", is_channel=True) from None
        except urllib3.exceptions.ConnectTimeoutError:
            raise NotSentError(f"{self._origin} does not answer", is_channel=True) from None
        except SSLError as error:
            if isinstance(error.args[0] if error.args else None, ssl.SSLCertVerificationError):
                raise NotSentError(f"{self._origin} has no good certificate", is_channel=True) from None
            raise InDoubtError("the secure connection broke") from None
        except HTTPError as error:
            raise InDoubtError(f"no answer after the request was sent ({type(error).__name__})") from None

    def close(self) -> None:
        """Nothing is kept open."""

    def _judge(self, response: urllib3.BaseHTTPResponse) -> None:
        status = response.status
        if 200 <= status < 300:
            return
        said = f"answered {status}: {self._start_of(response)}"
        if status in (408, 429, 503):  # not done, and worth another try
            raise NotSentError(said, is_channel=status != 408)
        if status in (401, 403):
            raise NotSentError(f"answered {status}: the login was not accepted", is_channel=True)
        if status >= 500:
            raise InDoubtError(said)
        raise NotSentError(said, is_final=True)

    def _start_of(self, response: urllib3.BaseHTTPResponse) -> str:
        try:
            body = response.read(2000)
        except HTTPError:
            return ""
        text: Any = self._credentials.hide(body.decode("utf-8", "replace"))
        return " ".join(text.split())[:_SHOWN_BYTES]
