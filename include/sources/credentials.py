"""What a request carries to show who asks, and the tokens that have to be asked for first."""

import json
import re
from base64 import b64encode
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit

import orjson

from include.sources.call import Call
from include.sources.config.auth import (
    Auth,
    BasicAuth,
    BearerAuth,
    HeaderAuth,
    LoginAuth,
    OAuth2Auth,
    QueryAuth,
)
from include.sources.connection import SourceConnection
from include.sources.errors import ReadFailedError
from include.sources.fields import value_at
from include.sources.records import NotJsonError
from include.sources.templates import fill

_HEADER_VALUE = re.compile(r"[\x20-\x7e\xa0-\xff]*")


class Credentials:
    """The secrets of one connection, as one kind of ``auth`` sends them.

    :param prefix: the path in the connection's address, which the path of a request comes after.
    :param name: the connection's name, for messages.
    :raises ReadFailedError: when a secret has characters that no header can hold.
    """

    def __init__(self, connection: SourceConnection, auth: Auth, prefix: str, name: str) -> None:
        self._connection, self._auth = connection, auth
        self._prefix, self._name = prefix, name
        self._refresh_token = str(connection.extra.get("refresh_token") or "")
        self._token = ""
        self.headers: dict[str, str] = {}
        self._params: dict[str, str] = {}
        if isinstance(auth, BearerAuth):
            self.headers = self._checked("authorization", f"Bearer {connection.password}")
        elif isinstance(auth, BasicAuth):
            self.headers = self._basic()
        elif isinstance(auth, HeaderAuth):
            self.headers = self._checked(auth.name, connection.password)
        elif isinstance(auth, QueryAuth):
            self._params = {auth.name: connection.password}

    @property
    def needs_token(self) -> bool:
        """Whether a token has to be asked for before the first request."""
        return self.renews and not self._token

    @property
    def renews(self) -> bool:
        """Whether a token that was refused can be asked for anew."""
        return isinstance(self._auth, OAuth2Auth | LoginAuth)

    def token_call(self) -> Call:
        """The request for a token."""
        if isinstance(self._auth, LoginAuth):
            request = self._auth.request
            values = {"login": self._connection.login, "password": self._connection.password}
            path, params, body = self._prefix + request.path, fill(request.params, values), fill(request.body, values)
            return Call(request.method, path, params, body, is_login=True)
        assert isinstance(self._auth, OAuth2Auth)
        auth, headers = self._auth, dict[str, str]()
        form: dict[str, str] = {"grant_type": auth.grant}
        if auth.grant == "refresh_token":
            if not self._refresh_token:
                what = f"the connection {self._name} has no refresh_token in its extra"
                raise ReadFailedError(self._name, what, 'Add {"refresh_token": "…"} to its extra.')
            form["refresh_token"] = self._refresh_token
        if auth.scope:
            form["scope"] = auth.scope
        if auth.client_auth == "basic":
            headers = self._basic()
        else:
            form |= {"client_id": self._connection.login, "client_secret": self._connection.password}
        if auth.token_path:
            return Call("POST", self._prefix + auth.token_path, form=form, headers=headers, is_login=True)
        parts = urlsplit(auth.token_url or "")
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        origin = f"{parts.scheme}://{parts.netloc}"
        return Call("POST", path, form=form, headers=headers, origin=origin, is_login=True)

    def keep(self, answer: dict[str, Any], location: str) -> None:
        """Take the token out of the answer to `token_call`, and send it along from now on.

        :raises ReadFailedError: when there is none in it.
        """
        path = self._auth.token if isinstance(self._auth, LoginAuth) else "access_token"
        token = value_at(answer, path)
        if not isinstance(token, str) or not token:
            what = f"the answer to the login has no token at {path!r}"
            raise ReadFailedError(location, what, "Check auth: in the source's YAML.")
        self._token = token
        header = self._auth.name if isinstance(self._auth, LoginAuth) else None
        self.headers = self._checked(header, token) if header else self._checked("authorization", f"Bearer {token}")
        if isinstance(self._auth, OAuth2Auth) and isinstance(new := answer.get("refresh_token"), str) and new:
            self._refresh_token = new

    def into_query(self, path: str, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """A path and its parameters with the key that goes into the query, once: a next page's address may have it."""
        if not self._params:
            return path, params
        bare, _, query = path.partition("?")
        pairs = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in self._params]
        return f"{bare}?{urlencode(pairs)}" if pairs else bare, {**params, **self._params}

    def hide(self, text: str) -> str:
        """A text of the source's with every secret of ours taken out."""
        secrets = {self._connection.password, self._token, self._refresh_token}
        secrets |= {value.partition(" ")[2] for value in self._basic().values()}
        # an answer that repeats one may have it as an address or as JSON writes it
        for write in (quote, quote_plus, _json, lambda secret: _json(secret).replace("/", "\\/")):
            secrets |= {write(secret) for secret in secrets}
        for secret in sorted(filter(None, secrets), key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def _basic(self) -> dict[str, str]:
        pair = b64encode(f"{self._connection.login}:{self._connection.password}".encode())
        return {"authorization": f"Basic {pair.decode()}"}

    def _checked(self, name: str, value: str) -> dict[str, str]:
        # the HTTP library would refuse it too, and show it
        if not _HEADER_VALUE.fullmatch(value):
            what = (
                f"the password of the connection {self._name} has a line break or a character that no header can hold"
            )
            raise ReadFailedError(self._name, what, "Enter it again.")
        return {name: value}


def _json(text: str) -> str:
    return json.dumps(text)[1:-1]


def token_answer(body: bytes) -> dict[str, Any]:
    """The answer to a login.

    :raises NotJsonError: when it is no JSON object.
    """
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise NotJsonError("not a JSON object")
    return answer
