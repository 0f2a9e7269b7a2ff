"""YAML written for people: a line a key, with what is to be said of it; what came from a source stays a value in it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

_WIDTH = 100
_LONGEST_COMMENT = 400
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@-]*")


@dataclass(frozen=True)
class Line:
    """One line of YAML: a key with its value, or with lines that belong to it, and what is to be said of it.

    Without a key it is a comment and nothing else.
    """

    key: str
    value: Any = None
    comment: str = ""
    inner: tuple["Line", ...] = ()


def as_yaml(lines: tuple[Line, ...], depth: int = 0) -> str:
    """Lines of YAML, the inner ones indented; a comment that is long stands above its line."""
    text = ""
    for line in lines:
        value = "" if line.inner else f" {flow(line.value)}"
        said = f"{flow(line.key)}:{value}" if line.key else ""
        comment = f"# {shown(line.comment, _LONGEST_COMMENT)}" if line.comment else ""
        margin = "  " * depth
        is_long = len(f"{margin}{said} {comment}") > _WIDTH
        text += margin + f"\n{margin}".join(
            [comment, said] if said and comment and is_long else [f"{said} {comment}".strip()]
        )
        text += f"\n{as_yaml(line.inner, depth + 1)}"
    return text


def flow(value: Any) -> str:
    """A value on one line, whatever characters are in it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(str(key))}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and yaml.safe_load(value) == value
        return value if is_plain else _quoted(value)
    return json.dumps(value)


def _quoted(text: str) -> str:
    if text.isprintable() and ("\\" in text or '"' in text):
        return "'" + text.replace("'", "''") + "'"
    # as in JSON, which is YAML too, but for what only YAML takes as the end of a line
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in json.dumps(text, ensure_ascii=False))


def on_one_line(text: str) -> str:
    """A text from outside as one that can be stored and shown anywhere: what is not printable is escaped."""
    whole = text.encode("utf-8", "backslashreplace").decode()
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in whole)


def shown(text: str, longest: int = 80) -> str:
    """A text from outside for a comment or a message: printable, and of so many characters at most."""
    safe = on_one_line(text)
    return safe if len(safe) <= longest else f"{safe[:longest]}…"
