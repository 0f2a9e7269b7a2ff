"""The house style of pictures, and the few kinds of them: direct labels, sorted bars, a thin grid, two colours.

Each function returns an SVG with its text as paths, the same bytes each time for the same data.  A picture follows the
page's dark or light colours by a style of its own.  matplotlib is imported when the first picture is drawn.
"""

import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from include.reports.language import _
from include.reports.words import cut, number, percent, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, GRID = "#1b2730", "#5b6b77", "#dfe5e9"
STRONG, SOFT, SECOND = "#0f6a8b", "#a9cbd8", "#c2571a"
ON_DEEP = "#fdfefe"
STEPS = ("#eef4f6", "#cfe2ea", "#a3c8d7", "#5b9ab4", "#2a7a9b", "#0b5570")
# every colour of the house and what it is on a dark page
DARK = {
    INK: "#e8edf0", MUTED: "#9fb0bb", GRID: "#33424c",
    STRONG: "#4fb3d6", SOFT: "#2c5566", SECOND: "#f0945a",
    ON_DEEP: "#04161e",
    **dict(zip(STEPS, ("#1b2a32", "#1f3d4a", "#255668", "#4797b3", "#6bb9d3", "#a5def0"), strict=True)),
}  # fmt: skip

WIDE, HALF = 10.4, 5.1  # inches: the page's whole width, and half of it
LABEL_LENGTH = 26
# the second has the letters of Chinese, Japanese and Korean that the first lacks
FONTS, SIZE = ["DejaVu Sans", "Noto Sans CJK SC"], 8.5
STYLE: dict[Any, Any] = {
    "font.family": FONTS,
    "font.size": SIZE,
    "svg.fonttype": "path",
    "svg.hashsalt": "crm-autopilot",
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.linewidth": 0.8,
    "axes.labelcolor": MUTED,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.formatter.use_mathtext": False,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its length, whether it stands out, and what is written at its end (else its value).

    :param interval: drawn over a level bar as a thin line from its low to its high end.
    """

    label: str
    value: float
    is_strong: bool = True
    text: str = ""
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Drawing:
    """A picture and the names that could not be drawn in it, as ``№ 1`` → name."""

    svg: bytes
    undrawn: dict[str, str]

    @property
    def note(self) -> str:
        """What to say under the picture of names that its font has no letters for."""
        return _("; ").join(_("{mark}: {name}", mark=mark, name=told) for mark, told in self.undrawn.items())


def compact(value: float) -> str:
    """``950``, ``12.3 k``, ``1.2 M``: for axes and bars, where the table has the exact figure."""
    for size, suffix in ((1e9, " bn"), (1e6, " M"), (1e3, " k")):
        # from 999.95 on, one decimal would read as the next unit's 1
        if abs(value) >= size * 0.99995:
            return f"{value / size:.1f}".replace(".0", "").replace("-", "−") + suffix
    return number(value, 1).removesuffix(".0")


def bars_over_time(bars: Sequence[Bar], *, is_wide: bool = True) -> Drawing:
    """Upright bars in the order given, across the page; the highest and the last carry their figures."""
    with _style():
        figure, axes = _figure(*((WIDE, 2.5) if is_wide else (HALF, 1.7)), left=0.5, right=0.3, bottom=0.32, top=0.08)
        values = [bar.value for bar in bars]
        axes.bar(range(len(bars)), values, width=0.72, color=[STRONG if bar.is_strong else SOFT for bar in bars])
        axes.set_xlim(-0.6, len(bars) - 0.4)
        _value_axis(axes.yaxis, values)
        axes.grid(axis="y")
        _time_axis(axes, [bar.label for bar in bars])
        for place in _worth_labels(values, _room(axes)):
            axes.annotate(
                compact(values[place]),
                (place, max(values[place], 0)),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                weight="bold",
            )
        return Drawing(_svg(figure), {})


def waterfall(steps: Sequence[tuple[str, float, bool]]) -> Drawing:
    """Upright bars from a level to another: what came is in the first colour, what went in the second.

    :param steps: label, value, and whether it is a level and no step.
    """
    with _style():
        figure, axes = _figure(HALF, 2.3, left=0.5, right=0.1, bottom=0.32, top=0.2)
        level, tops = 0.0, [0.0]
        for place, (_label, value, is_level) in enumerate(steps):
            below, above = (0.0, value) if is_level else sorted((level, level + value))
            colour = STRONG if is_level else STEPS[3] if value >= 0 else SECOND
            axes.bar(place, above - below, bottom=below, width=0.66, color=colour)
            if place:  # from the end of one step to the next
                axes.plot((place - 0.67, place - 0.33), (level, level), color=MUTED, linewidth=0.8)
            level = value if is_level else level + value
            told = compact(value) if is_level or value <= 0 else f"+{compact(value)}"
            axes.annotate(
                told, (place, above), xytext=(0, 3), textcoords="offset points", ha="center", weight="bold"
            )  # fmt: skip
            tops.append(above)
        axes.set_xlim(-0.6, len(steps) - 0.4)
        _value_axis(axes.yaxis, tops)
        axes.grid(axis="y")
        axes.set_xticks(range(len(steps)), [label for label, _value, _is_level in steps])
        return Drawing(_svg(figure), {})


def bars_with_forecast(bars: Sequence[Bar]) -> Drawing:
    """Upright bars in the order given; those that are not strong are foretold, each with its interval."""
    with _style():
        figure, axes = _figure(WIDE, 2.7, left=0.5, right=0.3, bottom=0.32, top=0.15)
        values = [bar.value for bar in bars]
        axes.bar(range(len(bars)), values, width=0.72, color=[STRONG if bar.is_strong else SOFT for bar in bars])
        for place, bar in enumerate(bars):
            if bar.interval:
                axes.vlines(place, *bar.interval, color=SECOND, linewidth=1.4)
        axes.set_xlim(-0.6, len(bars) - 0.4)
        _value_axis(axes.yaxis, [*values, *(bar.interval[1] for bar in bars if bar.interval)])
        axes.grid(axis="y")
        _time_axis(axes, [bar.label for bar in bars])
        for place, bar in enumerate(bars):
            top = bar.interval[1] if bar.interval else bar.value
            axes.annotate(
                compact(bar.value), (place, max(top, 0)), xytext=(0, 3), textcoords="offset points", ha="center",
                weight="normal" if bar.is_strong else "bold",
            )  # fmt: skip
        return Drawing(_svg(figure), {})


def fan(
    labels: Sequence[str],
    past: Sequence[float],
    expected: Sequence[float],
    bands: Sequence[Sequence[tuple[float, float]]],
) -> Drawing:
    """A line of what came, and after it one of what is foretold inside its bands.

    :param labels: of the past and of what is foretold, in order.
    :param bands: low and high end of each figure foretold; the widest band first, no more than two.
    """
    with _style():
        figure, axes = _figure(WIDE, 2.7, left=0.5, right=0.3, bottom=0.32, top=0.15)
        ahead = range(len(past), len(labels))
        for band, colour in zip(bands, (STEPS[1], SOFT), strict=False):
            axes.fill_between(ahead, [low for low, _ in band], [high for _, high in band], color=colour, linewidth=0)
        axes.plot(range(len(past)), past, color=STRONG, linewidth=1.8)
        axes.plot(ahead, expected, color=SECOND, linewidth=1.8)
        axes.set_xlim(-0.5, len(labels) - 0.5)
        _value_axis(axes.yaxis, [*past, *expected, *(high for band in bands for _, high in band)])
        axes.grid(axis="y")
        _time_axis(axes, labels)
        return Drawing(_svg(figure), {})


def flow_and_stock(
    labels: Sequence[str],
    inflow: tuple[str, Sequence[float]],
    outflow: tuple[str, Sequence[float]],
    stock: tuple[str, Sequence[float]],
    *,
    is_wide: bool = True,
) -> Drawing:
    """What came in and went out as two lines, and below them what was left; each line is named at its end."""
    with _style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(WIDE, 3.9) if is_wide else (HALF, 1.9))
        middle = 2.0 if is_wide else 1.05
        upper = _axes(figure, left=0.5, right=1.15, bottom=middle, top=0.1)
        lower = _axes(figure, left=0.5, right=1.15, bottom=0.32, top=figure.get_figheight() - middle + 0.2)
        places = range(len(labels))
        ends: list[tuple[float, str, str]] = []
        for (name, values), colour in ((inflow, STRONG), (outflow, SECOND)):
            upper.plot(places, values, color=colour, linewidth=1.8, clip_on=False)
            upper.plot(places[-1], values[-1], marker="o", markersize=4, color=colour, clip_on=False)
            ends.append((values[-1], f"{name} {compact(values[-1])}", colour))
        _value_axis(upper.yaxis, [*inflow[1], *outflow[1]])
        line = 0.23 / (upper.get_position().height * figure.get_figheight())  # inches, of a label
        gap = (upper.get_ylim()[1] - upper.get_ylim()[0]) * line
        ends.sort(key=lambda end: end[0])
        heights = [ends[0][0], max(ends[1][0], ends[0][0] + gap)]
        for height, (_, text, colour) in zip(heights, ends, strict=True):
            _end_label(upper, places[-1], height, text, colour)
        name, values = stock
        lower.fill_between(places, values, color=SOFT, linewidth=0)
        lower.plot(places, values, color=STRONG, linewidth=1.8)
        _value_axis(lower.yaxis, values)
        _end_label(lower, places[-1], values[-1], f"{name} {compact(values[-1])}", STRONG)
        for axes in (upper, lower):
            axes.set_xlim(-0.5, len(labels) - 0.5)
            axes.grid(axis="y")
        _time_axis(upper, [""] * len(labels))
        _time_axis(lower, labels)
        return Drawing(_svg(figure), {})


def ranked_bars(bars: Sequence[Bar], *, is_wide: bool = False) -> Drawing:
    """Level bars under one another in the order given, each named at its left, its figure at its end."""
    with _style():
        undrawn: dict[str, str] = {}
        names = [_drawable(bar.label, undrawn) for bar in bars]
        texts = [bar.text or compact(bar.value) for bar in bars]
        width = WIDE if is_wide else HALF
        left = max(_inches(name) for name in names) + 0.14
        right = max(_inches(text, "bold") for text in texts) + 0.16
        figure, axes = _figure(width, 0.27 * len(bars) + 0.16, left=left, right=right, bottom=0.08, top=0.08)
        values = [bar.value for bar in bars]
        axes.barh(range(len(bars)), values, height=0.66, color=[STRONG if bar.is_strong else SOFT for bar in bars])
        axes.set_ylim(len(bars) - 0.45, -0.55)
        ends = [max(bar.value, *(bar.interval or ())) if bar.interval else max(bar.value, 0) for bar in bars]
        axes.set_xlim(min(0, *values, 0), max(0, *ends, 0) or 1)
        axes.set_yticks(range(len(bars)), names, color=INK)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        for place, bar in enumerate(bars):
            if bar.interval:
                axes.plot(bar.interval, (place, place), color=SECOND, linewidth=1.4, marker="|", markersize=5)
        for place, (end, text) in enumerate(zip(ends, texts, strict=True)):
            axes.annotate(
                text,
                (end, place),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                weight="bold",
                annotation_clip=False,
            )
        return Drawing(_svg(figure), undrawn)


def heat_map(rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float]]) -> Drawing:
    """Cells in six depths of one colour, each with its figure; cells without any stay empty."""
    with _style():
        undrawn: dict[str, str] = {}
        names = [_drawable(row, undrawn) for row in rows]
        is_wide = len(columns) > 8
        left = max(_inches(name) for name in names) + 0.14
        width = WIDE if is_wide else HALF
        cell = (width - left - 0.05) / len(columns)
        heads = [_in_two(column) if _inches(column) > 0.9 * cell else column for column in columns]
        top = 0.44 if any("\n" in head for head in heads) else 0.3
        figure, axes = _figure(width, 0.34 * len(rows) + 0.06 + top, left=left, right=0.05, bottom=0.04, top=top)
        highest = max((value for row in values for value in row), default=0) or 1
        for y, row in enumerate(values):
            for x, value in enumerate(row):
                # the lightest step is for none; what there is fills the other five
                depth = 1 + min(int(value / highest * 5), 4) if value else 0
                _cell(axes, x, y, STEPS[depth])
                if value:
                    colour = ON_DEEP if depth >= 3 else INK
                    axes.text(x + 0.5, y + 0.5, compact(value), ha="center", va="center", color=colour, size=8)
        axes.set_xlim(0, len(columns))
        axes.set_ylim(len(rows), 0)
        axes.set_yticks([y + 0.5 for y in range(len(rows))], names, color=INK)
        axes.set_xticks([x + 0.5 for x in range(len(columns))], heads)
        axes.xaxis.tick_top()
        axes.spines["bottom"].set_visible(False)
        return Drawing(_svg(figure), undrawn)


def small_lines(
    rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[Sequence[float | None]]]
) -> Drawing:
    """A small line of shares (0 to 1) in each cell, its last figure beside it; a gap where there is none."""
    with _style():
        undrawn: dict[str, str] = {}
        names, heads = ([_drawable(label, undrawn) for label in labels] for labels in (rows, columns))
        left = max(_inches(name) for name in names) + 0.14
        figure, axes = _figure(
            WIDE if len(columns) > 3 else HALF, 0.3 * len(rows) + 0.36, left=left, right=0.05, bottom=0.04, top=0.3
        )
        for y, row in enumerate(values):
            for x, line in enumerate(row):
                told = [(place, value) for place, value in enumerate(line) if value is not None]
                if not told:
                    continue
                step = 0.6 / max(len(line) - 1, 1)
                across = [x + 0.06 + step * place for place in range(len(line))]
                heights = [y + 0.86 - 0.72 * value if value is not None else float("nan") for value in line]
                axes.plot((across[0], across[-1]), (y + 0.86, y + 0.86), color=GRID, linewidth=0.6)
                axes.plot(across, heights, color=STRONG, linewidth=1.4)
                place, value = told[-1]
                axes.plot(across[place], heights[place], marker="o", markersize=2.5, color=STRONG)
                text = percent(number(100 * value, 1))
                axes.text(x + 0.98, y + 0.52, text, ha="right", va="center", size=8, weight="bold")
        axes.set_xlim(0, len(columns))
        axes.set_ylim(len(rows), 0)
        axes.set_yticks([y + 0.5 for y in range(len(rows))], names, color=INK)
        axes.set_xticks([x + 0.36 for x in range(len(columns))], heads)
        axes.xaxis.tick_top()
        axes.spines["bottom"].set_visible(False)
        return Drawing(_svg(figure), undrawn)


def process_map(stages: Sequence[tuple[str, str]], moves: Sequence[tuple[int, int, float]]) -> Drawing:
    """Stages from left to right in their order, and arrows between them as wide as the deals that went that way.

    On to the next stage is an arrow between them, over stages one above, and back one below in the second colour.

    :param stages: name, and what is written under it.
    :param moves: place of the stage left and of the one entered, from 0, and how many deals.
    """
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

    with _style():
        undrawn: dict[str, str] = {}
        above = max((after - before for before, after, _ in moves if after > before + 1), default=0)
        below = max((before - after for before, after, _ in moves if after < before), default=0)
        top, bottom = _arc(above), _arc(below)
        tall = 0.56
        figure, axes = _figure(WIDE, tall + top + bottom + 0.1, left=0.05, right=0.05, bottom=0.05, top=0.05)
        axes.set_xlim(0, WIDE - 0.1)
        axes.set_ylim(-bottom, tall + top)
        axes.set_axis_off()
        pitch = (WIDE - 0.1) / len(stages)
        wide = min(1.5, pitch * 0.64)
        middles = [pitch * (place + 0.5) for place in range(len(stages))]
        for middle, (name, note) in zip(middles, stages, strict=True):
            box = FancyBboxPatch(
                (middle - wide / 2, 0), wide, tall, boxstyle="round,pad=0,rounding_size=0.08", facecolor=STEPS[1],
                edgecolor=STEPS[2], linewidth=0.8,
            )  # fmt: skip
            axes.add_patch(box)
            told = _drawable(name, undrawn)
            while _inches(told, "bold") > wide - 0.08 and len(told) > 2:
                told = cut(told, len(told) - 1)
            axes.text(middle, tall * 0.68, told, ha="center", va="center", weight="bold", color=INK)
            axes.text(middle, tall * 0.3, note, ha="center", va="center", color=MUTED, size=7.5)
        most = max((deals for _, _, deals in moves), default=1) or 1
        for before, after, deals in sorted(moves, key=lambda move: move[2]):
            width = 0.8 + 5.2 * deals / most
            is_back = after < before
            if after == before + 1:
                start, end = (middles[before] + wide / 2, tall / 2), (middles[after] - wide / 2, tall / 2)
                path, label = (
                    _path(start, end, 0),
                    ((start[0] + end[0]) / 2, tall / 2 + 0.03 + (1.5 + width * 0.7) / 72),
                )
            else:
                side = -1 if is_back else 1
                edge, shift = (0 if is_back else tall), wide * 0.2
                start = (middles[before] + side * shift, edge)
                end = (middles[after] - side * shift, edge)
                height = side * (_arc(abs(after - before)) - 0.24)
                path = _path(start, end, height)
                label = ((start[0] + end[0]) / 2, edge + height + side * (0.02 + width / 144))
            axes.add_patch(
                FancyArrowPatch(
                    path=path,
                    arrowstyle=f"-|>,head_length={3 + width},head_width={1.5 + width * 0.7}",
                    color=SECOND if is_back else STRONG if after == before + 1 else STEPS[3],
                    linewidth=width,
                    capstyle="butt",
                    joinstyle="miter",
                    fill=False,
                )
            )
            axes.text(
                *label, compact(deals), ha="center", va="top" if is_back else "bottom", size=8, weight="bold",
                color=SECOND if is_back else INK,
            )  # fmt: skip
        return Drawing(_svg(figure), undrawn)


def _arc(span: int) -> float:
    """Inches that an arrow over so many stages, and its figure, need above them or below."""
    return 0.3 + 0.26 * span if span else 0.02


def _path(start: tuple[float, float], end: tuple[float, float], height: float) -> Any:
    """A line, or an arc whose top is so high over both ends."""
    from matplotlib.path import Path

    if not height:
        return Path([start, end], [Path.MOVETO, Path.LINETO])
    rise = height / 0.75  # a cubic curve's top is three quarters of the way to its control points
    points = [start, (start[0], start[1] + rise), (end[0], end[1] + rise), end]
    return Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])


def _style() -> Any:
    import matplotlib

    _add_fonts()
    return matplotlib.rc_context(STYLE)


def _figure(
    width: float, height: float, *, left: float, right: float, bottom: float, top: float
) -> tuple["Figure", "Axes"]:
    """A picture with one set of axes; sizes and margins in inches."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    return figure, _axes(figure, left=left, right=right, bottom=bottom, top=top)


def _axes(figure: "Figure", *, left: float, right: float, bottom: float, top: float) -> "Axes":
    width, height = figure.get_size_inches()
    return figure.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - bottom - top) / height)
    )


def _in_two(text: str) -> str:
    """The text on two lines, as even as its blanks allow."""
    breaks = [place for place, letter in enumerate(text) if letter == " "]
    if not breaks:
        return text
    place = min(breaks, key=lambda at: abs(at - len(text) / 2))
    return f"{text[:place]}\n{text[place + 1 :]}"


def _cell(axes: "Axes", x: int, y: int, colour: str) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((x + 0.03, y + 0.04), 0.94, 0.92, facecolor=colour, linewidth=0))


def _end_label(axes: "Axes", x: float, y: float, text: str, colour: str) -> None:
    axes.annotate(
        text,
        (x, y),
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        color=colour,
        weight="bold",
        annotation_clip=False,
    )


def _value_axis(axis: Any, values: Sequence[float]) -> None:
    """Four or five round figures, whole ones when the values are; zero is always there."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    is_whole = all(float(value).is_integer() for value in values)
    axis.set_major_locator(MaxNLocator(4, integer=is_whole, min_n_ticks=2))
    axis.set_major_formatter(FuncFormatter(lambda value, _: compact(value)))
    axis.axes.set_ylim(min(0, *values, 0) * 1.12, (max(0, *values, 0) or 1) * 1.12)
    axis.axes.spines["bottom"].set_position("zero")


def _time_axis(axes: "Axes", labels: Sequence[str]) -> None:
    """A label under every bar where there is room, else under every nth, the last one always."""
    widest = max(map(_inches, labels)) + 0.1
    step = -(-len(labels) // max(1, min(_room(axes), int(axes.bbox.width / axes.figure.dpi / widest))))
    places = list(range(len(labels) - 1, -1, -step))
    axes.set_xticks(places, [labels[place] for place in places])


def _room(axes: "Axes") -> int:
    """How many short labels a picture has room for, side by side."""
    return 15 if axes.bbox.width > HALF * axes.figure.dpi else 7


def _worth_labels(values: Sequence[float], room: int = 15) -> list[int]:
    """Every bar when they are few, else the highest and the last; never two that would touch."""
    if len(values) <= room:
        return [place for place, value in enumerate(values) if value]
    highest = max(range(len(values)), key=lambda place: values[place])
    last = len(values) - 1
    return [place for place in {highest, last} if values[place] and (place == highest or last - highest > 2)]


def _drawable(text: str, undrawn: dict[str, str]) -> str:
    """The text cut to fit; where the font has no letter for it, a mark whose meaning goes under the picture."""
    told = plain(text) or "–"
    if any(ord(letter) not in _letters() for letter in told):
        mark = f"№ {len(undrawn) + 1}"
        undrawn[mark] = told
        return mark
    return cut(told, LABEL_LENGTH)


@cache
def _letters() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    _add_fonts()
    return frozenset().union(*(get_font(findfont(FontProperties(family=name))).get_charmap() for name in FONTS))


@cache
def _add_fonts() -> None:
    """Make the fonts that come as packages known: no machine has to have any."""
    from matplotlib.font_manager import fontManager
    from noto_cjk_sans_otc import FONT_PATH

    fontManager.addfont(str(FONT_PATH))
    # it says for every bold text that this font has no bold letters: they are drawn as they are
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)


def _inches(text: str, weight: str = "normal") -> float:
    """How wide the text is drawn."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    _add_fonts()
    font = FontProperties(family=FONTS, size=SIZE, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return width / 72


def _svg(figure: "Figure") -> bytes:
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = drawn.getvalue()
    rules = "".join(
        f'[style*="{part}: {light}"]{{{part}:{dark} !important}}'
        for light, dark in DARK.items()
        for part in ("fill", "stroke")
        if f"{part}: {light}" in text
    )
    return text.replace("</style>", f"@media (prefers-color-scheme: dark){{{rules}}}</style>", 1).encode()
