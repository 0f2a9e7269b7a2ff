"""Numbers, dates and names as people read them, in the language that is spoken."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from typing import Any

from babel.dates import format_date, format_skeleton

from include.reports.language import _, _n, language
from include.reports.model import Change, Phrase

NOTHING = "–"
LONGEST = 160
Number = int | float | Decimal


def number(value: Number, places: int = 2, *, is_fixed: bool = False) -> str:
    """``10,005,534`` or ``2,360.91``: whole numbers without decimals, others with ``places``, half rounded up.

    :param is_fixed: give whole numbers their decimals too, so that a column lines up.
    """
    exact = Decimal(value) if isinstance(value, int) else Decimal(str(value))
    if exact == exact.to_integral_value() and not is_fixed:
        return f"{exact.to_integral_value():,}".replace("-", "−")
    rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{rounded:,}".replace("-", "−")


def share(value: Number, *, is_fixed: bool = False) -> str:
    """0.6315 → ``63.15 %``."""
    return f"{number(Decimal(str(value)) * 100, is_fixed=is_fixed)} %"


def minutes(value: Number) -> str:
    """Minutes as ``12.5 min``, ``2 h 14 min`` or, from two days on, ``3.42 days``."""
    exact = Decimal(str(value))
    if abs(exact) < Decimal("59.95"):
        return _("{minutes} min", minutes=number(exact, 1))
    if abs(exact) < 48 * 60:
        whole = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
        return _("{hours} h {minutes} min", hours=whole // 60, minutes=whole % 60)
    return _("{days} days", days=number(exact / 1440))


def day(value: date) -> str:
    """``16 November 2026``, ``2026年11月16日``."""
    return f"{value.day} {value:%B %Y}" if language() == "en" else format_date(value, "long", locale=language())


def short_day(value: date) -> str:
    """``16 Nov``, ``11月16日``."""
    return f"{value.day} {value:%b}" if language() == "en" else format_skeleton("MMMd", value, locale=language())


def dated(value: date) -> str:
    """A day in a cell: ``16 Nov 2026``, ``2026年11月16日``."""
    return f"{short_day(value)} {value.year}" if language() == "en" else day(value)


def month(value: date) -> str:
    """``Nov 2026``, ``2026年11月``."""
    return f"{value:%b %Y}" if language() == "en" else format_skeleton("yMMM", value, locale=language())


def weekday(value: date) -> str:
    """``Monday``, ``星期一``."""
    return f"{value:%A}" if language() == "en" else format_date(value, "EEEE", locale=language())


def days_between(first: date, last: date) -> str:
    """``9–15 November 2026``, as short as it can be told."""
    if first == last:
        return day(first)
    if language() != "en":
        return f"{day(first)} – {day(last) if first.year != last.year else short_day(last)}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day(last)}"
    start = f"{first.day} {first:%B}" if first.year == last.year else day(first)
    return f"{start} – {day(last)}"


def show(kind: str, value: Any, *, is_fixed: bool = False) -> str:
    """A value of a figure or a cell as text; a dash where there is none.

    :param kind: text, count, amount, share, days, minutes or date.
    :param is_fixed: give whole numbers their decimals too.
    """
    if value is None:
        return NOTHING
    match kind:
        case "count" | "amount":
            return number(value, is_fixed=is_fixed)
        case "share":
            return share(value, is_fixed=is_fixed)
        case "days":
            return _n("{n} day", "{n} days", 1 if value == 1 else 2, n=number(value, is_fixed=is_fixed))
        case "minutes":
            return minutes(value)
        case "date":
            return dated(value)
        case _:
            return cut(plain(str(value)), LONGEST) or NOTHING


def money(value: Number | None, currency: str) -> str:
    """``34,500.50 USD``; no unit when the source tells none."""
    return f"{show('amount', value)} {unit(currency)}".strip()


def unit(currency: str) -> str:
    """The currency as a unit; empty for XXX, the code for a currency that the source does not tell."""
    return "" if currency == "XXX" else currency


def plural(count: int, one: str, many: str | None = None) -> str:
    """``no deals``, ``1 deal``, ``12 deals``, in English; what is said in several languages takes ``_n``."""
    return f"{number(count) if count else 'no'} {one if count == 1 else many or one + 's'}"


def listed(items: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return _("{first} and {last}", first=_(", ").join(items[:-1]), last=items[-1]) if len(items) > 1 else "".join(items)


def together(*sentences: str) -> str:
    """Sentences, one after the other; empty ones are left out."""
    said = [sentence for sentence in sentences if sentence]
    return reduce(lambda one, two: _("{one} {two}", one=one, two=two), said) if said else ""


def plain(text: str) -> str:
    """Foreign text on one line: control and direction characters out, blanks together."""
    kept = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return re.sub(r" +", " ", kept).strip()


def name(text: str | None, missing: str = "") -> str:
    """A foreign name inside a sentence, kept from turning the sentence's direction; at most 60 characters."""
    told = plain(text or "") or missing or _("no name")
    return f"\u2068{cut(told, 60)}\u2069"


def cut(text: str, length: int) -> str:
    """The text, or its beginning and an ellipsis, at most ``length`` characters."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def sentence(text: str) -> str:
    """The text with its first letter as a capital."""
    return text[:1].upper() + text[1:]


def compare(
    kind: str, current: Number | None, previous: Number | None, phrase: Phrase, better: str | None = None
) -> Change | None:
    """What became of a figure: ``▲ 12 % on the 7 days before``; shares in points, since they are percentages already.

    :param better: ``up`` or ``down`` when that way is good news, else None.
    :returns: None when there is no figure now.
    """
    if current is None:
        return None
    if previous is None:
        return Change(_("no figure {at}", at=phrase.at), "flat")
    if current == previous:
        return Change(_("the same {at}", at=phrase.at), "flat")
    if previous == 0 and kind != "share":
        return Change(_("0 {at}", at=phrase.at), "flat")
    difference = Decimal(str(current)) - Decimal(str(previous))
    is_up = difference > 0
    if kind == "share":
        size = _("{points} points", points=number(abs(difference) * 100))
    else:
        percent = abs(difference) / abs(Decimal(str(previous))) * 100
        size = f"{number(percent.quantize(Decimal(1), ROUND_HALF_UP)) if percent >= 1 else number(percent, 1)} %"
    tone = "flat" if better is None else "good" if is_up == (better == "up") else "bad"
    return Change(_("{arrow} {size} {on}", arrow="▲" if is_up else "▼", size=size, on=phrase.on), tone)


def more_or_less(current: Number, previous: Number, kind: str, phrase: Phrase) -> str:
    """``3 more than in the 7 days before``, ``as many as …``, to follow a figure in a sentence."""
    if current == previous:
        return _("the same as {at}", at=phrase.at)
    if not previous:
        return _("after none {at}", at=phrase.at)
    gap = show(kind, abs(Decimal(str(current)) - Decimal(str(previous))))
    if current > previous:
        return _("{gap} more than {at}", gap=gap, at=phrase.at)
    if kind == "amount":
        return _("{gap} less than {at}", gap=gap, at=phrase.at)
    return _("{gap} fewer than {at}", gap=gap, at=phrase.at)
