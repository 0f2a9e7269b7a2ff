"""Numbers and dates made plain: ``1.234,50`` is ``1234.50``, ``05.03.2026`` is ``2026-03-05``, as the YAML states."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from include.sources.config import Files

Plain = Callable[[str], str]

ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?\s?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_NUMBER_WITH_POINT = re.compile(r"\s*[+-]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_TIME_OF_DAY = re.compile(r"%[HIMSfpXcT]")
_SPACES = " \u00a0\u202f"  # spreadsheets part thousands by spaces that do not break
_REMEMBERED = 50_000


class AmbiguousValueError(ValueError):
    """A value that is not written as stated, and that the database would read as another one; says its rule id."""


def plain_values(config: Files) -> dict[str, Plain]:
    """Column → how its text is made plain; only of columns whose text is not plain already.

    A text that does not fit what the YAML states stays as it came: ``n/a`` is for the staging statement and its rules.

    :raises AmbiguousValueError: (the functions) when a text that does not fit looks as if it did: ``1.234`` where the
        comma is the decimal sign, ``03/04/2026`` where days are written ``04.03.2026``. Rule ids: ``ambiguous_number``,
        ``ambiguous_date``.
    """
    is_plain = config.decimal == "." and config.thousands is None
    numbers = {} if is_plain else dict.fromkeys(config.numbers, number(config.decimal, config.thousands))
    return numbers | {column: day(form) for column, form in config.dates.items()}


def make_plain(row: dict, plain: dict[str, Plain]) -> str | None:
    """Make the values of a row plain, in place; returns the rule id of the first that is ambiguous, else None."""
    for column, convert in plain.items():
        if value := row.get(column):
            try:
                row[column] = convert(value)
            except AmbiguousValueError as error:
                return str(error)
    return None


def number_pattern(decimal: str, thousands: str | None) -> re.Pattern[str]:
    """What a number looks like; its groups are sign, whole part and fraction."""
    grouped = ""
    if thousands:
        parting = _SPACES if thousands in _SPACES else re.escape(thousands)
        grouped = rf"[0-9]{{1,3}}(?:[{parting}][0-9]{{3}})+|"
    return re.compile(rf"\s*([+-]?)({grouped}[0-9]+)(?:{re.escape(decimal)}([0-9]+))?\s*")


def number(decimal: str, thousands: str | None) -> Plain:
    """How a number with these signs is made plain."""
    pattern = number_pattern(decimal, thousands)

    def convert(text: str) -> str:
        if match := pattern.fullmatch(text):
            sign, whole, fraction = match.groups()
            return f"{sign}{re.sub('[^0-9]', '', whole)}{'.' if fraction else ''}{fraction or ''}"
        if decimal != "." and _NUMBER_WITH_POINT.fullmatch(text):
            raise AmbiguousValueError("ambiguous_number")
        return text

    return convert


def day(form: str) -> Plain:
    """How a day, or an instant, written like this (`datetime.strptime`) is made ISO 8601."""
    has_time = bool(_TIME_OF_DAY.search(form))

    @lru_cache(_REMEMBERED)
    def convert(text: str) -> str:
        try:
            moment = datetime.strptime(text.strip(), form)
        except ValueError:
            if ISO.fullmatch(text.strip()) or not any(map(str.isdigit, text)):
                return text
            raise AmbiguousValueError("ambiguous_date") from None
        return moment.isoformat() if has_time else moment.date().isoformat()

    return convert
