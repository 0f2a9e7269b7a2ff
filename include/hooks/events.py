"""What a webhook tells: its events, and of each the records or ids that are for an entity."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from include.sources.config.hooks import HookEntity, Hooks
from include.sources.fields import value_at
from include.sources.page import Page
from include.sources.records import Cut, NotJsonError, cut, to_text


@dataclass
class Told:
    """What one webhook tells: pages of whole records and ids to ask for, both by entity."""

    records: dict[str, list[Page]] = field(default_factory=dict)
    ids: dict[str, list[str]] = field(default_factory=dict)
    ignored: int = 0  # events that are for no entity

    @property
    def entities(self) -> set[str]:
        return {*self.records, *self.ids}


def read_events(hooks: Hooks, body: bytes, location: str) -> Told:
    """What the body of a webhook tells.

    :raises NotJsonError: when it is no JSON, or has nothing at the path of its events.
    """
    told = Told()
    try:
        found = _listed(body, hooks.events, location)
    except RecursionError:
        raise NotJsonError("nested too deeply") from None
    if found is None:
        raise NotJsonError(f"nothing at {hooks.events!r}")
    if found.unreadable and not found.rows:
        raise NotJsonError(found.unreadable[0].reason)
    told.ignored = len(found.unreadable)
    for event, text in zip(found.rows, found.texts, strict=True):
        is_told = [_take(told, name, entity, event, text, location) for name, entity in hooks.entities.items()]
        told.ignored += not any(is_told)
    return told


def _take(told: Told, name: str, entity: HookEntity, event: dict, text: bytes, location: str) -> bool:
    """Add what an event has for an entity; whether it has anything."""
    if not all(_matches(value_at(event, path), pattern) for path, pattern in entity.where.items()):
        return False
    if entity.id is not None:
        value = value_at(event, entity.id)
        if value is None or value == "" or isinstance(value, dict | list | bool):
            return False
        told.ids.setdefault(name, []).append(str(value))
        return True
    found = _listed(text, entity.records or "", location)
    if found is None or not found.count:
        return False
    told.records.setdefault(name, []).append(Page(found.rows, found.texts, found.unreadable, location))
    return True


def _matches(value: object, patterns: str | Iterable[str]) -> bool:
    wanted = [patterns] if isinstance(patterns, str) else patterns
    return value is not None and any(fnmatchcase(str(value), pattern) for pattern in wanted)


def _listed(text: bytes, path: str, location: str) -> Cut | None:
    """The records at a path, a list of them or just one, each with its text as it came; None when nothing is there."""
    part = _text_at(text, path.split(".") if path else [])
    if part is None or part.strip() == b"null":
        return None
    return cut(part if part.lstrip().startswith(b"[") else b"[%b]" % part, "", location)


def _text_at(text: bytes, keys: list[str]) -> bytes | None:
    if not keys:
        return text
    try:
        parts = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        # what the strict reader refuses (a lone surrogate) the patient one may take; the part is then written anew
        value = value_at(_loaded(text), ".".join(keys))
        return None if value is None else to_text(value)
    return _text_at(bytes(parts[keys[0]]), keys[1:]) if keys[0] in parts else None


def _loaded(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise NotJsonError("not JSON, or cut off") from None
