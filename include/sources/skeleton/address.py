"""The address of a list: what of it goes into the connection, what into the request, and what is a secret."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from include.sources.connection import SourceConnection
from include.sources.errors import SkeletonError
from include.sources.skeleton.fields import as_word

_SECRETS = (
    "key",
    "apikey",
    "token",
    "auth",
    "authorization",
    "secret",
    "password",
    "passwd",
    "pwd",
    "signature",
    "sig",
)
_SECRET_ENDS = ("apikey", "accesstoken", "authtoken", "apitoken", "secret", "password", "signature", "hapikey")
# Last parts of a path that do not name what is listed.
_NO_NAMES = ("search", "list", "query", "all", "index", "export", "api", "cursor")


@dataclass(frozen=True)
class Address:
    """The address of a list of records.

    :param base: what the connection has: ``https://api.example.com``.
    :param path: what comes after it.
    :param params: of the query, secrets left out.
    :param secrets: parameters that hold one, with their values.
    """

    base: str
    path: str
    params: dict[str, Any]
    secrets: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def host(self) -> str:
        return urlsplit(self.base).netloc

    @property
    def entity(self) -> str:
        """What the list is called: the last part of the path that is a name."""
        parts = [re.sub(r"\.\w{1,5}$", "", part) for part in self.path.split("/")]
        names = [as_name(part) for part in parts]
        return next((name for name in reversed(names) if name and name not in _NO_NAMES), "records")


def as_name(text: str) -> str:
    """Small letters, digits and ``_``, a letter first, as names of sources and entities are; empty when it has none."""
    words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", text)
    return re.sub(r"^[0-9_]+", "", "_".join(words).lower())


def parse_address(url: str, connection: SourceConnection | None) -> Address:
    """
    :param connection: the one that the source will have, when it is there; the address must be on its host.
    :raises SkeletonError: when it is no address of HTTP, or another host's.
    """
    try:
        parts = urlsplit(url)
        is_http = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_http = False
    if not is_http:
        raise SkeletonError(
            "--url: no address that starts with http:// or https://. Give the one of a list of records."
        )
    if "@" in parts.netloc:
        raise SkeletonError("--url: has a login in it. Put login and password into the connection, and leave them out.")
    params: dict[str, Any] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        known = params.get(name)
        params[name] = _plain(value) if known is None else [*(known if isinstance(known, list) else [known]), value]
    secrets = {name: str(params.pop(name)) for name in list(params) if _is_secret(name)}
    base, path = _split(f"{parts.scheme}://{parts.netloc}", parts.path or "/", connection)
    return Address(base, path, params, secrets)


def _split(origin: str, path: str, connection: SourceConnection | None) -> tuple[str, str]:
    if connection is None or not connection.base_url:
        return origin, path
    base = urlsplit(connection.base_url)
    prefix = base.path.rstrip("/")
    host = f"{base.scheme}://{base.netloc.rpartition('@')[2]}"
    if host.lower() != origin.lower() or not f"{path}/".startswith(f"{prefix}/"):
        raise SkeletonError(
            f"--url: is not at {host}{prefix}, which the connection has, so its login would go elsewhere. "
            "Name another connection with --connection."
        )
    return host + prefix, path.removeprefix(prefix) or "/"


def _plain(value: str) -> str | int:
    return int(value) if re.fullmatch(r"0|[1-9]\d{0,8}", value) else value


def _is_secret(name: str) -> bool:
    word = as_word(name)
    return word in _SECRETS or word.endswith(_SECRET_ENDS)
