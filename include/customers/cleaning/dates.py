"""Dates to ISO 8601."""

import re
import unicodedata
from datetime import date
from functools import cache

from babel import Locale
from babel.dates import get_month_names

from include.customers.cleaning.text import EMPTY, Cleaned, Steps, tidy

_LONGEST = 60
_LANGUAGES = "en de fr es it pt nl sv da nb fi pl cs"
_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2}|[AP]M)?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME}", re.IGNORECASE)
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})\s?([-/.])\s?(\d{{1,2}})\s?\2\s?(\d{{4}}|\d{{2}}){_TIME}", re.IGNORECASE)
_CJK = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]?")
_DAY_NAME_YEAR = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|er|\.|º)?[\s/-]*(?:of\s|de\s)?\s*([^\W\d_]+)\.?,?[\s/-]*(?:de\s+)?(\d{4})"
)
_NAME_DAY_YEAR = re.compile(r"([^\W\d_]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")


def clean_date(text: str | None) -> Cleaned:
    """A day as ``1964-01-02``; a time behind it is left off. Code: ``to_iso``.

    Numbers with the year last are ``invalid+ambiguous`` where day and month could be changed over (01/02/1964) or the
    year has two digits; but with dots (01.02.1964) the day comes first, as it does wherever dots are written.
    """
    steps = Steps(text or "")
    steps.to(tidy(text), "trimmed")
    if not steps.value:
        return EMPTY
    if len(steps.value) > _LONGEST:
        return steps.invalid
    parts = _parts(unicodedata.normalize("NFKC", steps.value))
    if parts == "ambiguous":
        return Cleaned(None, "invalid+ambiguous")
    try:
        day = date(*parts) if parts else None
    except ValueError:
        day = None
    if day is None:
        return Cleaned(None, "invalid")
    value = day.isoformat()
    steps.became(value, "to_iso")
    return steps.cleaned()


def _parts(text: str) -> tuple[int, int, int] | str | None:
    if match := _YEAR_FIRST.fullmatch(text):
        return int(match[1]), int(match[3]), int(match[4])
    if match := _DIGITS.fullmatch(text) or _CJK.fullmatch(text):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _YEAR_LAST.fullmatch(text):
        first, second = int(match[1]), int(match[3])
        if len(match[4]) == 2:
            return "ambiguous"
        if match[2] == "." or first > 12 or first == second:
            return int(match[4]), second, first
        if second > 12:
            return int(match[4]), first, second
        return "ambiguous"
    text = text.casefold()
    if match := _DAY_NAME_YEAR.fullmatch(text):
        day, name, year = match.groups()
    elif match := _NAME_DAY_YEAR.fullmatch(text):
        name, day, year = match.groups()
    else:
        return None
    month = _months().get(name)
    return (int(year), month, int(day)) if month else None


@cache
def _months() -> dict[str, int]:
    """Names of months, long and short, by language; the first language that has a name decides."""
    names = {"sept": 9}
    for language in _LANGUAGES.split():
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for month, name in get_month_names(width, context, Locale.parse(language)).items():
                    names.setdefault(name.casefold().rstrip("."), month)
    return names
