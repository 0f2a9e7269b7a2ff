"""A message with a list in it: one mail a person, in plain text and in HTML, in English or Chinese."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader
from markupsafe import Markup

from include.actions import wording
from include.actions.rules import Language
from include.reports.words import cut, day, plain

_LONGEST_NAME = 120
_FILES = FileSystemLoader(Path(__file__).parent)
_HELLO: dict[Language, str] = {"en": "Hello {name},", "zh": "{name}，您好："}


@dataclass
class Entry:
    """One deal or ticket of a digest, with all that is to be said about it.

    :param mark: what stands out of it, at the right.
    """

    name: str
    facts: list[str]
    mark: str
    link: str
    said: list[str] = field(default_factory=list)
    said_html: list[Markup] = field(default_factory=list)

    def say(self, template: str, values: dict[str, Any]) -> None:
        """Add a line, in plain text and in HTML."""
        self.said.append(wording.template(template, is_html=False).render(values))
        self.said_html.append(Markup(wording.template(template, is_html=True).render(values)))


@dataclass(frozen=True)
class Digest:
    """A message before it has an address."""

    subject: str
    text: str
    html: str


def compose(
    listed: Sequence[Entry], language: Language, *, subject: str, name: str, intro: str, closing: Sequence[str]
) -> Digest:
    """One mail: subject, plain text, HTML.

    :param name: whom it is for.
    :param closing: lines under the list.
    """
    values = {
        "language": "zh-CN" if language == "zh" else "en", "subject": subject, "entries": listed, "intro": intro,
        "hello": _HELLO[language].format(name=short(name)), "closing": closing,
    }  # fmt: skip
    return Digest(
        subject=subject,
        text=wording.template(_source("digest.txt.j2"), is_html=False).render(values),
        html=wording.template(_source("digest.html.j2"), is_html=True).render(values),
    )


def day_in(language: Language, value: date) -> str:
    """``16 November 2026``, ``2026年11月16日``."""
    return day(value) if language == "en" else f"{value.year}年{value.month}月{value.day}日"


def short(text: str | None) -> str:
    """Foreign text on one line, without control characters, and not too long."""
    return cut(plain(text or ""), _LONGEST_NAME)


def _source(name: str) -> str:
    return _FILES.get_source(wording.PLAIN, name)[0]
