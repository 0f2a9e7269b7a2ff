"""The reports in Chinese: every message has a translation with the same places, and none is left over."""

import string
from collections.abc import Iterable, Iterator
from typing import Any

from babel.messages.catalog import Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from include.reports.language import CATALOGUES

REPORTS = CATALOGUES.parent
KEYWORDS: dict[str, Any] = {"_": None, "_n": (1, 2), "_c": ((1, "c"), 2), "N_": None}
# context, message, and what it is for many
Said = tuple[str | None, str, str | None]


def said() -> dict[Said, str]:
    """Every message of the reports → the file that says it."""
    found: dict[Said, str] = {}
    for path in sorted(REPORTS.glob("*.py")):
        with path.open("rb") as file:
            for _, message, _, context in extract("python", file, KEYWORDS):
                found[_key(context, message)] = path.name
    for path in sorted(REPORTS.glob("*.j2")):
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, list(KEYWORDS), (), {"silent": "false"}):
                found[_key(None, message)] = path.name
    return found


def _key(context: str | None, message: Any) -> Said:
    parts = [part for part in ([message] if isinstance(message, str) else message) if part is not None]
    return context, parts[0], parts[1] if len(parts) > 1 else None


def translated() -> Iterator[tuple[str, Said, Message]]:
    """Each entry of each Chinese catalogue."""
    for path in sorted((CATALOGUES / "zh").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh"):
                if message.id:
                    yield path.name, _key(message.context, message.id), message


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def strings(message: Message) -> Iterable[str]:
    return [message.string] if isinstance(message.string, str) else message.string


def test_every_message_has_a_translation_and_none_is_left_over() -> None:
    messages = said()
    there = {key: file for file, key, message in translated() if all(strings(message)) and not message.fuzzy}
    assert len(messages) > 400
    assert {key: file for key, file in messages.items() if key not in there} == {}
    assert {key: file for key, file in there.items() if key not in messages} == {}


def test_a_translation_has_the_places_of_its_message() -> None:
    wrong = [
        (file, key, told)
        for file, key, message in translated()
        for told in strings(message)
        if places(told) != places(key[2] or key[1])
    ]
    assert wrong == []


def test_catalogues_agree() -> None:
    told: dict[tuple[str | None, str], dict[Any, list[str]]] = {}
    for file, key, message in translated():
        told.setdefault(key[:2], {}).setdefault(str(message.string), []).append(file)
    assert {key: found for key, found in told.items() if len(found) > 1} == {}
