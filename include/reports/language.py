"""The language that a report speaks: its code is in English, other languages are gettext catalogues in locale/.

A message is written where it is said, as a template with named places: ``_("{rep} won {deals}.", rep=…, deals=…)``.
Foreign text only ever fills places, so it can never be a template.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, get_args

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
CATALOGUES = Path(__file__).parent / "locale"

_spoken: ContextVar[Language] = ContextVar("report_language", default="en")


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """All that is said within is in this language."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def language() -> Language:
    """The language that is spoken."""
    return _spoken.get()


def _(message: str, /, **values: Any) -> str:
    """A message in the language that is spoken, its places filled."""
    told = _catalogue(language()).gettext(message)
    return told.format(**values) if values else told


def _c(context: str, message: str, /, **values: Any) -> str:
    """A message that is said otherwise elsewhere: ``_c("title", "Customers")``; the context tells the two apart."""
    told = str(_catalogue(language()).pgettext(context, message))
    return told.format(**values) if values else told


def _n(one: str, many: str, count: int, /, **values: Any) -> str:
    """A message of a count, in the language that is spoken: ``_n("{n} deal", "{n} deals", 12)``.

    :param values: fill the places; ``n`` is the count (``no`` for 0 in English) unless it is given.
    """
    n = "no" if count == 0 and language() == "en" else f"{count:,}"
    return _catalogue(language()).ngettext(one, many, count).format(**{"n": n, **values})


def N_(message: str) -> str:
    """Mark a message that is said later: ``_(TITLE)``."""
    return message


@cache
def _catalogue(spoken: Language) -> NullTranslations:
    if spoken == "en":
        return NullTranslations()
    whole = Catalog(locale=spoken)
    for path in sorted((CATALOGUES / spoken).glob("*.po")):  # one for each part of the reports
        with path.open("rb") as file:
            for message in read_po(file, locale=spoken):
                if message.id:
                    whole[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return Translations(compiled)
