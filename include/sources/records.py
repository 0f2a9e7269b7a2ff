"""Cutting the records out of a JSON answer, each with its text exactly as received."""

import json
import re
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson

from include.sources.errors import ReadFailedError
from include.sources.fields import value_at
from include.sources.page import Unreadable, unreadable

_WHITESPACE = re.compile(r"[ \t\r\n]*")
_SEARCH = "Look at the answer and at records: in the source's YAML."


class NotJsonError(ValueError):
    """The answer as a whole is no JSON: an HTML page, or cut off on its way."""


@dataclass(slots=True)
class Cut:
    """The records of one answer; ``envelope`` is the answer without them, for the paging."""

    rows: list[dict]
    texts: list[bytes]
    unreadable: list[Unreadable]
    envelope: dict[str, Any]

    @property
    def count(self) -> int:
        """How many records came, readable or not."""
        return len(self.rows) + len(self.unreadable)


def cut(body: bytes, path: str, location: str) -> Cut:
    """The records of the array at a dotted path of the answer (``""``: the answer is the array).

    Records are read one by one only where reading them all at once fails, so one bad record costs no other.

    :raises NotJsonError: when the answer is not whole JSON.
    :raises ReadFailedError: when there is no array at the path.
    """
    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        array, envelope = _descend(body, path.split(".") if path else [], location)
        texts = [bytes(raw) for raw in msgspec.json.decode(array, type=list[msgspec.Raw])]
    except msgspec.ValidationError:
        raise _no_array(path, location) from None
    except msgspec.DecodeError:
        # Stricter than the standard library: lone surrogates and NaN end up here, and so does cut-off JSON.
        array, texts, envelope = _cut_slowly(body, path, location)
    return _parsed(array, texts, envelope, location)


def flatten(found: Cut, each: str, location: str) -> Cut:
    """One record for every element of the list at ``each``: the element, with the rest of its record as ``parent``."""
    flat = Cut([], [], list(found.unreadable), found.envelope)
    for row, text in zip(found.rows, found.texts, strict=True):
        elements = row.pop(each, None)
        if not isinstance(elements, list) or not all(isinstance(element, dict) for element in elements):
            flat.unreadable.append(unreadable(text, "no_list_to_flatten", location))
            continue
        flat.rows += [{**element, "parent": row} for element in elements]
    flat.texts = [to_text(row) for row in flat.rows]
    return flat


def to_text(value: Any) -> bytes:
    """The JSON text of a value; strings that are not valid Unicode are written as escapes, as they came."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode()


def _descend(body: bytes, keys: list[str], location: str) -> tuple[bytes, dict[str, Any]]:
    if not keys:
        return body, {}
    parts = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    if keys[0] not in parts:
        raise _no_array(keys[0], location)
    array, inner = _descend(bytes(parts.pop(keys[0])), keys[1:], location)
    # the strict reader may refuse what was only skipped so far: then the slow way takes the whole answer
    try:
        envelope = {name: orjson.loads(bytes(raw)) for name, raw in parts.items()}  # orjson takes no Raw
    except orjson.JSONDecodeError as error:
        raise msgspec.DecodeError(str(error)) from None
    return array, {**envelope, **({keys[0]: inner} if inner else {})}


def _parsed(array: bytes, texts: list[bytes], envelope: dict[str, Any], location: str) -> Cut:
    try:
        rows = orjson.loads(array)
        if all(type(row) is dict for row in rows):
            return Cut(rows, texts, [], envelope)
    except orjson.JSONDecodeError:
        pass
    found = Cut([], [], [], envelope)
    for number, text in enumerate(texts, 1):
        row, reason = parse_record(text)
        if row is None:
            found.unreadable.append(unreadable(text, reason, f"{location}, record {number}"))
        else:
            found.rows.append(row)
            found.texts.append(text)
    return found


def parse_record(text: bytes) -> tuple[dict | None, str]:
    """One record from its JSON text; or None and the rule id that says why: not_json, not_utf8, not_an_object."""
    try:
        row = orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            row = json.loads(text.decode("utf-8"), parse_constant=_refuse)
        except UnicodeDecodeError:
            return None, "not_utf8"
        except (ValueError, RecursionError):
            return None, "not_json"
    return (row, "") if isinstance(row, dict) else (None, "not_an_object")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _cut_slowly(body: bytes, path: str, location: str) -> tuple[bytes, list[bytes], dict[str, Any]]:
    text = body.decode("utf-8", "surrogateescape")
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        raise NotJsonError("not JSON, or cut off") from None
    if not isinstance(value_at(whole, path), list):
        raise _no_array(path, location)
    position = _skip(text, 0)
    for key in path.split(".") if path else []:
        position = _member(text, position, key)
    start, spans = position, []
    position = _skip(text, start + 1)
    while text[position] != "]":
        _, end = json.JSONDecoder().raw_decode(text, position)
        spans.append(text[position:end].encode("utf-8", "surrogateescape"))
        position = _skip(text, end)
        position = _skip(text, position + 1) if text[position] == "," else position
    envelope = whole if isinstance(whole, dict) else {}
    return text[start : position + 1].encode("utf-8", "surrogateescape"), spans, envelope


def _member(text: str, position: int, key: str) -> int:
    """Where the value of the last member of that name starts (of repeated keys the last one counts, as everywhere)."""
    found, decoder = -1, json.JSONDecoder()
    position = _skip(text, position + 1)
    while text[position] != "}":
        name, position = decoder.raw_decode(text, position)
        position = _skip(text, _skip(text, position) + 1)
        if name == key:
            found = position
        _, position = decoder.raw_decode(text, position)
        position = _skip(text, position)
        position = _skip(text, position + 1) if text[position] == "," else position
    return found


def _skip(text: str, position: int) -> int:
    match = _WHITESPACE.match(text, position)
    return match.end() if match else position


def _no_array(path: str, location: str) -> ReadFailedError:
    where = f"at {path!r}" if path else "as the answer"
    return ReadFailedError(location, f"no list of records {where}", _SEARCH)
