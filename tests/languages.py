"""A report in another language, all of whose messages must have a translation."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from babel.support import NullTranslations

from include.reports import language
from include.reports.language import Language, speaking


class _Missing(NullTranslations):
    """Where the catalogue looks last: nothing may come here."""

    def gettext(self, message: str) -> Any:
        raise AssertionError(f"no translation of {message!r}")

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> Any:
        raise AssertionError(f"no translation of {msgid1!r}")

    def pgettext(self, context: str, message: str) -> Any:
        raise AssertionError(f"no translation of {message!r} as {context}")


@contextmanager
def every_message_in(spoken: Language) -> Iterator[None]:
    """Speak the language; a message without a translation fails."""
    language._catalogue.cache_clear()
    whole = language._catalogue(spoken)
    whole.add_fallback(_Missing())
    try:
        with patch.object(language, "_catalogue", lambda asked: whole), speaking(spoken):
            yield
    finally:
        language._catalogue.cache_clear()
