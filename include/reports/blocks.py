"""Parts that every report is put together from: rates, pictures with their words, a sentence where there is nothing."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from include.reports.charts import Bar, Drawing, bars_over_time, heat_map, ranked_bars, small_lines
from include.reports.frame import Frame
from include.reports.language import _, _n
from include.reports.model import Block, Column, Picture, Sentence, Table
from include.reports.words import Number, day, number, share

MOST_BARS = 30
MOST_ROWS = 100


def ratio(part: Number, whole: Number) -> Decimal | None:
    """Part ÷ whole; None when there is no whole."""
    return Decimal(str(part)) / Decimal(str(whole)) if whole else None


def per_bucket(frame: Frame, values: Mapping[date, Number]) -> list[Number]:
    """The days' values summed into the bars of the frame's pictures."""
    buckets = frame.buckets()
    sums: list[Number] = [0] * len(buckets)
    place = 0
    for day_on in sorted(values):
        while place < len(buckets) - 1 and day_on > buckets[place].last_day:
            place += 1
        sums[place] += values[day_on]  # type: ignore[operator]
    return sums


def over_time(frame: Frame, caption: str, values: Mapping[date, Number], term: str, nothing: str) -> Block:
    """Bars over the days of the frame's pictures, the window's own ones strong.

    :param caption: what the bars are, with its unit.
    :param nothing: said when there is none of it; the days are told after it.
    """
    buckets = frame.buckets()
    first, last = buckets[0].first_day, buckets[-1].last_day
    if not any(values.values()):
        return Sentence(_("{nothing} from {first} to {last}.", nothing=nothing, first=day(first), last=day(last)))
    sums = per_bucket(frame, values)
    bars = [Bar(b.label, float(v), b.is_in_window) for b, v in zip(buckets, sums, strict=True)]
    highest = max(range(len(sums)), key=lambda place: sums[place])
    note = "" if all(b.is_in_window for b in buckets) else _("Light bars are before the window.")
    return Picture(
        caption=by_grain(frame, caption),
        svg=bars_over_time(bars).svg,
        alt=_(
            "{caption}, in bars from {first} to {last}. Highest: {highest} ({when}). Last: {latest}.",
            caption=by_grain(frame, caption),
            first=day(first),
            last=day(last),
            highest=number(sums[highest]),
            when=buckets[highest].label,
            latest=number(sums[-1]),
        ),
        note=note,
        is_wide=True,
        term=term,
    )


def by_grain(frame: Frame, caption: str) -> str:
    """``Won amount, by week``."""
    match frame.grain:
        case "day":
            return _("{caption}, by day", caption=caption)
        case "week":
            return _("{caption}, by week", caption=caption)
        case _:
            return _("{caption}, by month", caption=caption)


def ranked(
    caption: str, bars: Sequence[Bar], term: str, nothing: str, *, rest: str = "", is_wide: bool = True
) -> Block:
    """Level bars in the order given; what comes after the thirtieth is summed into one.

    :param nothing: said when there is no bar with a length.
    :param rest: what the bars after the thirtieth are called.
    """
    if not any(bar.value for bar in bars):
        return Sentence(nothing)
    shown = list(bars[:MOST_BARS])
    if len(bars) > MOST_BARS:
        left = bars[MOST_BARS - 1 :]
        shown = [
            *bars[: MOST_BARS - 1],
            Bar(f"{len(left)} {rest or _('others')}", sum(bar.value for bar in left), is_strong=False),
        ]
    drawing = ranked_bars(shown, is_wide=is_wide)
    return Picture(
        caption=caption,
        svg=drawing.svg,
        alt=_(
            "{caption}: {bars}.",
            caption=caption,
            bars=_("; ").join(f"{bar.label} {bar.text or number(bar.value)}" for bar in shown),
        ),
        note=unreadable(drawing),
        is_wide=is_wide,
        term=term,
    )


def grid(
    caption: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[int]],
    term: str,
    nothing: str,
    *,
    read: str,
) -> Block:
    """A heat map of counts.

    :param read: how the rows and columns are to be read.
    """
    if not any(value for row in values for value in row):
        return Sentence(nothing)
    drawing = heat_map(rows, columns, values)
    value, row, column = max(
        (
            (value, row, column)
            for row, line in zip(rows, values, strict=True)
            for column, value in zip(columns, line, strict=True)
        ),
        key=lambda cell: cell[0],
    )
    return Picture(
        caption=caption,
        svg=drawing.svg,
        alt=_(
            "{caption}. {read} The most, {value}, in {row}, {column}.",
            caption=caption,
            read=read,
            value=number(value),
            row=row,
            column=column,
        ),
        note=" ".join(part for part in (read, unreadable(drawing)) if part),
        is_wide=len(columns) > 8,
        term=term,
    )


def per_day_lines(
    frame: Frame,
    caption: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[Mapping[date, Number]]],
    term: str,
) -> Picture:
    """A small line of shares for each row and column, over the days of the frame's pictures.

    :param values: row by row, a column's shares (0 to 1) by day; none for what is not there. A bar's span of days shows
        the last of its days.
    """
    buckets = frame.buckets()
    lines = [
        [
            [
                float(told[max(inside)]) if (inside := [on for on in told if b.first_day <= on <= b.last_day]) else None
                for b in buckets
            ]
            for told in row
        ]
        for row in values
    ]
    drawing = small_lines(rows, columns, lines)
    last = [
        _("{row}, {column}: {share}", row=row, column=column, share=share(told[max(told)]))
        for row, cells in zip(rows, values, strict=True)
        for column, told in zip(columns, cells, strict=True)
        if told
    ]
    span = {"first": day(buckets[0].first_day), "last": day(buckets[-1].last_day)}
    return Picture(
        caption=caption,
        svg=drawing.svg,
        alt=_(
            "{caption}, one line for each from {first} to {last}. Last: {latest}.",
            caption=caption,
            latest=_("; ").join(last),
            **span,
        ),
        note=" ".join(
            part
            for part in (
                _("Each line runs from {first} to {last}, between 0 (below) and 100 %.", **span),
                unreadable(drawing),
            )
            if part
        ),
        is_wide=len(columns) > 3,
        term=term,
    )


def ranking(caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> Table:
    """A table sorted already, of which the first hundred rows are shown; a note tells of the others."""
    left = len(rows) - MOST_ROWS
    note = _n(
        "{n} row that comes after these is not shown.", "{n} rows that come after these are not shown.", max(left, 0)
    )
    return Table(caption, columns, rows[:MOST_ROWS], note if left > 0 else "")


def unreadable(drawing: Drawing) -> str:
    """The names that the picture's font has no letters for."""
    if not drawing.undrawn:
        return ""
    return _("Names in letters that the picture cannot draw: {names}.", names=drawing.note)
