"""The sample that a skeleton is made of: an answer of an API, from a file or asked for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from include.sources.call import Answer, Call
from include.sources.config import Auth
from include.sources.connection import SourceConnection
from include.sources.errors import SkeletonError
from include.sources.http import Client, Patience
from include.sources.records import NotJsonError
from include.sources.skeleton.address import Address
from include.sources.yaml_lines import shown

# A person waits for it.
PATIENCE = Patience(first=0.5, longest=2.0, total=5.0, asked=30.0)


@dataclass(frozen=True)
class Sample:
    """One answer, as it was parsed; ``headers`` are none when it comes from a file."""

    answer: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def parse_sample(text: bytes, where: str) -> Sample:
    """The answer in a file, or from the standard input.

    :param where: names it in messages.
    :raises SkeletonError: when it is no JSON.
    """
    try:
        return Sample(_parsed(text))
    except NotJsonError:
        start = shown(" ".join(text[:200].decode("utf-8", "replace").split()), 60)
        raise SkeletonError(f"{where}: is not JSON. It starts with {start!r}.") from None


def fetch_sample(address: Address, connection: SourceConnection, auth: Auth, name: str) -> Sample:
    """The answer of the API, asked once.

    :param connection: its address is `Address.base`.
    :param name: the connection's, for messages.
    :raises ReadFailedError: when the API refuses, or gives no JSON.
    """
    client = Client(connection, auth, name, PATIENCE)
    try:
        call = Call("GET", client.prefix + address.path, address.params)
        return client.fetch(call, _sample)
    finally:
        client.close()


def _sample(answer: Answer) -> Sample:
    return Sample(_parsed(answer.body), answer.headers)


def _parsed(text: bytes) -> Any:
    text = text.removeprefix(b"\xef\xbb\xbf")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:  # lone surrogates and NaN, which sources do send
        return json.loads(text.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise NotJsonError("not JSON, or cut off") from None
