"""Languages to BCP 47."""

import unicodedata
from functools import cache

import langcodes
from babel import Locale
from babel.localedata import locale_identifiers
from langcodes.tag_parser import LanguageTagError

from include.customers.cleaning.text import EMPTY, Cleaned, Steps, tidy

_LONGEST = 60


def clean_language(text: str | None) -> Cleaned:
    """A BCP 47 tag in its canonical form, with the region or script that it came with: ``zh_cn`` is zh-CN.

    Names in English and in the language itself are taken ("German", "deutsch", "中文"). Code: ``to_bcp47``.
    """
    steps = Steps(text or "")
    steps.to(tidy(text), "trimmed")
    if not steps.value:
        return EMPTY
    tag = _tag(steps.value) if len(steps.value) <= _LONGEST else None
    if tag is None:
        return steps.invalid
    steps.became(tag, "to_bcp47")
    return steps.cleaned()


def _tag(text: str) -> str | None:
    if named := _names().get(_folded(text)):
        return named
    try:
        # a POSIX locale: de_DE.UTF-8, de_DE@euro
        tag = langcodes.standardize_tag(text.partition(".")[0].partition("@")[0].strip())
        again = langcodes.standardize_tag(tag)
        return tag if tag == again and langcodes.tag_is_valid(tag) else None
    except (LanguageTagError, ValueError):
        return None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text.casefold())


@cache
def _names() -> dict[str, str]:
    """Names of languages in English and in themselves (CLDR); longer than a code."""
    names = {"chinese simplified": "zh-Hans", "chinese traditional": "zh-Hant", "mandarin": "zh"}
    english = Locale.parse("en").languages
    own = [name for name in locale_identifiers() if "_" not in name]
    pairs = [(name, code) for code, name in english.items()]
    pairs += [(Locale.parse(code).languages.get(code, ""), code) for code in own]
    for name, code in pairs:
        folded = _folded(name)
        if folded and (len(folded) > 3 or not folded.isascii()):
            names.setdefault(folded, langcodes.standardize_tag(code))
    return names
