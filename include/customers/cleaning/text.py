"""What every cleaner does to text first, and the ASCII form that keys for matching are made of."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from pypinyin import lazy_pinyin
from text_unidecode import unidecode


class Cleaned(NamedTuple):
    """What a cleaner made of a text.

    `value` is None when there was nothing, or nothing usable. `code` says what was done: ``empty``, ``same``,
    ``invalid``, or the steps joined by ``+`` (``trimmed+lowercased``).
    """

    value: str | None
    code: str


EMPTY = Cleaned(None, "empty")

HAN = re.compile(r"[\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_UNSEEN = {"Cc", "Cf", "Cs"}
_JOINERS = "\u200c\u200d"  # they change how Persian and Indic words are read
# not in Michael, Manuela, Noelle, Joey and Zoe, nor in Jacques
_UMLAUT_SPELLED = re.compile(r"(?<!q)([aou])e(?![aeiouy]|l(?:a|s|le)?$|$)")
_NO_KEY = re.compile(r"[^a-z0-9]+")


class Steps:
    """A value on its way through a cleaner, and what was done to it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.value = text
        self.done: list[str] = []

    def to(self, value: str, step: str) -> None:
        if value != self.value:
            self.value = value
            self.done.append(step)

    def became(self, value: str, step: str) -> None:
        """The value is another thing than the text, so that steps before do not count."""
        self.value = value
        self.done = [step] if value != self.text else []

    def note(self, step: str) -> None:
        self.done.append(step)

    def cleaned(self) -> Cleaned:
        return Cleaned(self.value, self.code)

    @property
    def code(self) -> str:
        return "+".join(dict.fromkeys(self.done)) or "same"

    @property
    def invalid(self) -> Cleaned:
        return Cleaned(None, "+".join(["invalid", *dict.fromkeys(self.done)]))


def tidy(text: str | None) -> str:
    """The text in normal form C; white space is single spaces, none at the ends; no characters that nobody sees."""
    if not text:
        return ""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = "".join(" " if c.isspace() else c for c in text if c.isspace() or c in _JOINERS or _is_seen(c))
    return " ".join(unicodedata.normalize("NFC", text).split()).strip(_JOINERS + " ")


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) not in _UNSEEN


def settled(change: Callable[[str], str], text: str) -> str:
    """The changed text, or the text as it is where changing it again would change it again (``ŉ`` has two capitals)."""
    changed = change(text)
    return changed if change(changed) == changed else text


def clean_text(text: str | None) -> Cleaned:
    """Free text, such as a job title: trimmed."""
    value = tidy(text)
    if not value or text is None:
        return EMPTY
    return Cleaned(value, "same" if value == text else "trimmed")


def ascii_fold(text: str) -> str:
    """The text in lower-case ASCII: accents dropped (ü is u), Chinese in pinyin, other scripts as they sound."""
    if text.isascii():
        return text.lower()
    if HAN.search(text):
        text = HAN.sub(lambda run: f" {''.join(lazy_pinyin(run[0]))} ", text)
    return unidecode(text).lower()


@lru_cache(maxsize=100_000)
def key(text: str | None) -> str | None:
    """Lower-case ASCII letters and digits alone, for matching; None when nothing is left.

    An umlaut, its bare vowel and its spelling with an e are the same: Müller, Muller and Mueller are `muller`. For
    that the e after a, o and u is dropped in any language (Rueda is `ruda`), but not before a vowel and not at the end
    (Michael, Zoe).
    """
    if not text:
        return None
    return _UMLAUT_SPELLED.sub(r"\1", _NO_KEY.sub("", ascii_fold(text))) or None
