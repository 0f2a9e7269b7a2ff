"""Parts that every report is put together from: rates, pictures with their words, a sentence where there is nothing."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from include.reports.charts import Bar, Drawing, bars_over_time, heat_map, ranked_bars, small_lines
from include.reports.frame import Frame
from include.reports.model import Block, Column, Picture, Sentence, Table
from include.reports.words import Number, day, number, plural, share

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
        return Sentence(f"{nothing} from {day(first)} to {day(last)}.")
    sums = per_bucket(frame, values)
    bars = [Bar(b.label, float(v), b.is_in_window) for b, v in zip(buckets, sums, strict=True)]
    highest = max(range(len(sums)), key=lambda place: sums[place])
    note = "" if all(b.is_in_window for b in buckets) else "Light bars are before the window."
    return Picture(
        caption=f"{caption}, by {frame.grain}",
        svg=bars_over_time(bars).svg,
        alt=f"{caption}, one bar a {frame.grain} from {day(first)} to {day(last)}. "
        f"Highest: {number(sums[highest])} ({buckets[highest].label}). Last: {number(sums[-1])}.",
        note=note,
        is_wide=True,
        term=term,
    )


def ranked(
    caption: str, bars: Sequence[Bar], term: str, nothing: str, *, rest: str = "others", is_wide: bool = True
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
        shown = [*bars[: MOST_BARS - 1], Bar(f"{len(left)} {rest}", sum(bar.value for bar in left), is_strong=False)]
    drawing = ranked_bars(shown, is_wide=is_wide)
    return Picture(
        caption=caption,
        svg=drawing.svg,
        alt=f"{caption}: " + "; ".join(f"{bar.label} {bar.text or number(bar.value)}" for bar in shown) + ".",
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
        alt=f"{caption}. {read} The most, {number(value)}, in {row}, {column}.",
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
        f"{row}, {column}: {share(told[max(told)])}"
        for row, cells in zip(rows, values, strict=True)
        for column, told in zip(columns, cells, strict=True)
        if told
    ]
    span = f"from {day(buckets[0].first_day)} to {day(buckets[-1].last_day)}"
    return Picture(
        caption=caption,
        svg=drawing.svg,
        alt=f"{caption}, one line for each {span}. Last: {'; '.join(last)}.",
        note=f"Each line runs {span}, between 0 (below) and 100 %. {unreadable(drawing)}".strip(),
        is_wide=len(columns) > 3,
        term=term,
    )


def ranking(caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> Table:
    """A table sorted already, of which the first hundred rows are shown; a note tells of the others."""
    left = len(rows) - MOST_ROWS
    note = f"{plural(left, 'row that comes', 'rows that come')} after these {'is' if left == 1 else 'are'} not shown."
    return Table(caption, columns, rows[:MOST_ROWS], note if left > 0 else "")


def unreadable(drawing: Drawing) -> str:
    """The names that the picture's font has no letters for."""
    return f"Names in letters that the picture cannot draw: {drawing.note}." if drawing.undrawn else ""
