"""Pictures: right labels, the same bytes, foreign names, and the days that bars over time stand for."""

import re
import warnings
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from include.reports import charts
from include.reports.blocks import over_time, per_bucket, ranked, ranking
from include.reports.charts import (
    DARK,
    Bar,
    bars_over_time,
    compact,
    fan,
    flow_and_stock,
    heat_map,
    process_map,
    ranked_bars,
)
from include.reports.frame import Frame
from include.reports.model import Column, Picture, Sentence
from include.reports.words import (
    compare,
    days_between,
    listed,
    minutes,
    money,
    more_or_less,
    name,
    number,
    plain,
    share,
    show,
)
from include.window import Window

UTC = ZoneInfo("UTC")


def frame(first: str, last: str, zone: ZoneInfo = UTC) -> Frame:
    return Frame(Window.between(first, last, zone), ("crm",))


STAGES = [("Contact", "120 in"), ("Offer", "95 in, 20 lost"), ("Deal", "61 in, 9 lost"), ("Won", "48 in")]
# on to the next, over one stage, back by one and by two
MOVES = [(0, 1, 80), (1, 2, 55), (2, 3, 45), (0, 2, 15), (0, 3, 3), (2, 1, 7), (2, 0, 2)]


def all_kinds() -> list[bytes]:
    names = [f"Rep number {n}" for n in range(30)]
    return [
        bars_over_time([Bar(f"{n} Nov", n * 1.5) for n in range(28)]).svg,
        ranked_bars([Bar(label, 30 - n) for n, label in enumerate(names)]).svg,
        heat_map(["Mon", "Tue"], [f"{n:02}" for n in range(24)], [list(range(24)), [0] * 24]).svg,
        flow_and_stock(["1 Nov", "2 Nov"], ("In", [1, 2]), ("Out", [2, 2]), ("Left", [3, 3])).svg,
        process_map(STAGES, MOVES).svg,
        fan(["1 Nov", "2 Nov", "3 Nov"], [3, 4], [3.5], [[(0, 8)], [(2, 6)]]).svg,
    ]


def test_pictures_are_the_same_bytes_each_time() -> None:
    assert all_kinds() == all_kinds()


def test_text_is_paths_and_nothing_is_fetched_or_dated() -> None:
    for svg in all_kinds():
        root = ElementTree.fromstring(svg)
        assert not list(root.iter("{http://www.w3.org/2000/svg}text"))
        assert not list(root.iter("{http://www.w3.org/2000/svg}image"))
        assert b"<dc:date>" not in svg
        assert b"prefers-color-scheme: dark" in svg


def test_every_colour_drawn_has_a_dark_twin() -> None:
    for svg in all_kinds():
        drawn = set(re.findall(rb"(?:fill|stroke): (#[0-9a-f]{6})", svg.split(b"</style>", 1)[1]))
        assert drawn <= {colour.encode() for colour in DARK}, drawn


@pytest.mark.parametrize("text", ["$\\frac{1}{", "$x$ & <b>", "a_b^c", "x" * 400, "", "\u202eevil", "tab\tnew\nline"])
def test_any_name_is_drawn_as_it_is_without_a_warning(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawing = ranked_bars([Bar(text, 1)])
    assert not drawing.undrawn
    ElementTree.fromstring(drawing.svg)


def test_names_without_letters_in_the_font_are_told_beside_the_picture() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawing = ranked_bars([Bar("བོད་ཡིག", 3), Bar("Ada", 2), Bar("𓂀𓃀", 1)])
    assert drawing.undrawn == {"№ 1": "བོད་ཡིག", "№ 2": "𓂀𓃀"}
    assert drawing.note == "№ 1: བོད་ཡིག; № 2: 𓂀𓃀"


def test_chinese_japanese_and_korean_names_are_drawn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawing = ranked_bars([Bar("王小明 Ltd", 3), Bar("さくら商事", 2), Bar("김철수", 1)])
    assert not drawing.undrawn
    ElementTree.fromstring(drawing.svg)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list:
    """The figures that pictures are made of, in the order in which they are drawn."""
    figures: list = []
    as_svg = charts._svg

    def noted(figure: Any) -> bytes:
        figures.append(figure)
        return as_svg(figure)

    monkeypatch.setattr(charts, "_svg", noted)
    return figures


def renderer_of(figure: Any) -> Any:
    """What tells how large each part of a figure is."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    return FigureCanvasAgg(figure).get_renderer()


LONG = [(f"Negotiation with the board {n}", f"{n},000 in, 999 lost") for n in range(1, 8)]
EVERY_WAY = [(before, after, 10 * before + after + 1) for before in range(7) for after in range(7) if before != after]


@pytest.mark.parametrize(
    ("stages", "moves"), [(STAGES, MOVES), (STAGES[:2], [(0, 1, 5), (1, 0, 1)]), (LONG, [(0, 6, 4)])]
)
def test_the_process_map_has_its_labels_beside_one_another_and_inside(stages: list, moves: list, drawn: list) -> None:
    drawing = process_map(stages, moves)
    (axes,) = drawn[0].axes
    told = [text.get_text() for text in axes.texts]
    # a stage's name and what is under it, then the figure of each arrow, the widest last
    assert [name[:4] for name in told[: 2 * len(stages) : 2]] == [name[:4] for name, _ in stages]
    assert told[1 : 2 * len(stages) : 2] == [note for _, note in stages]
    assert told[2 * len(stages) :] == [str(deals) for *_, deals in sorted(moves, key=lambda move: move[2])]
    renderer = renderer_of(drawn[0])
    boxes = [text.get_window_extent(renderer) for text in axes.texts]
    canvas = drawn[0].bbox
    for place, (label, box) in enumerate(zip(told, boxes, strict=True)):
        assert canvas.x0 <= box.x0 and box.x1 <= canvas.x1 and canvas.y0 <= box.y0 and box.y1 <= canvas.y1, label
        assert not [other for other, beside in zip(told[:place], boxes, strict=False) if box.overlaps(beside)], label
    # the picture that is shown draws each of them: its text is paths, each beside a comment that says what it is
    for label in told:
        assert f"<!-- {label} -->".encode() in drawing.svg


def test_every_way_between_seven_stages_stays_inside_the_picture(drawn: list) -> None:
    process_map(LONG, EVERY_WAY)
    renderer = renderer_of(drawn[0])
    canvas = drawn[0].bbox
    for part in (*drawn[0].axes[0].texts, *drawn[0].axes[0].patches):
        box = part.get_window_extent(renderer)
        assert canvas.x0 <= box.x0 and box.x1 <= canvas.x1 and canvas.y0 <= box.y0 and box.y1 <= canvas.y1, part


def test_more_than_thirty_bars_are_summed_into_the_last() -> None:
    block = ranked("Won", [Bar(f"Rep {n}", 1) for n in range(50)], "won", "", rest="other reps")
    assert isinstance(block, Picture)
    assert "21 other reps 21." in block.alt


def test_a_long_table_is_cut_and_says_so() -> None:
    cut = ranking("Reps", [Column("Rep")], [[f"Rep {n}"] for n in range(103)])
    assert (len(cut.rows), cut.note) == (100, "3 rows that come after these are not shown.")
    assert ranking("Reps", [Column("Rep")], [["Ada"]]).note == ""


def test_no_picture_is_made_of_nothing() -> None:
    assert ranked("Won", [Bar("Ada", 0)], "won", "Nobody won.") == Sentence("Nobody won.")
    block = over_time(frame("2026-11-22", "2026-11-22"), "Won", {date(2026, 11, 3): 0}, "won", "Nothing was won")
    assert block == Sentence("Nothing was won from 26 October 2026 to 22 November 2026.")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (950, "950"), (999.96, "1 k"), (12_345, "12.3 k"), (999_960, "1 M"), (1_200_000, "1.2 M"),
     (2.5e9, "2.5 bn"), (-1_500, "−1.5 k"), (0.25, "0.3")],
)  # fmt: skip
def test_compact_figures(value: float, text: str) -> None:
    assert compact(value) == text


# ---- the days of a picture


def test_a_day_is_shown_with_the_four_weeks_up_to_it() -> None:
    buckets = frame("2026-11-22", "2026-11-22").buckets()
    assert len(buckets) == 28
    assert (buckets[0].first_day, buckets[-1].last_day) == (date(2026, 10, 26), date(2026, 11, 22))
    assert [bucket.is_in_window for bucket in buckets] == [False] * 27 + [True]


@pytest.mark.parametrize(
    ("first", "last", "grain", "count", "starts"),
    [
        ("2026-09-24", "2026-11-22", "day", 60, "2026-09-24"),
        # 61 days are nine weeks counted back from the end, the first of them begun two days early
        ("2026-09-23", "2026-11-22", "week", 9, "2026-09-21"),
        ("2025-11-22", "2026-11-22", "week", 53, "2025-11-17"),
        ("2025-11-21", "2026-11-22", "month", 13, "2025-11-01"),
    ],
)
def test_long_windows_are_shown_by_week_or_month(first: str, last: str, grain: str, count: int, starts: str) -> None:
    shown = frame(first, last)
    buckets = shown.buckets()
    assert (shown.grain, len(buckets), buckets[0].first_day) == (grain, count, date.fromisoformat(starts))
    assert buckets[-1].last_day == date.fromisoformat(last)
    assert all(bucket.is_in_window for bucket in buckets)


def test_days_are_summed_into_their_bars() -> None:
    shown = frame("2026-09-23", "2026-11-22")
    sums = per_bucket(shown, {date(2026, 9, 21): 1, date(2026, 9, 27): 2, date(2026, 9, 28): 4, date(2026, 11, 22): 8})
    assert sums == [3, 4, 0, 0, 0, 0, 0, 0, 8]


def test_the_period_before_is_as_long_by_the_clock_on_the_wall() -> None:
    # New York's clocks went back on 2026-11-01, so the week before is an hour longer than the week
    zone = ZoneInfo("America/New_York")
    week = frame("2026-11-02", "2026-11-08", zone)
    assert week.previous_start == Window.between("2026-10-26", "2026-11-01", zone).start
    assert week.flow.on == "on the 7 days before"
    assert frame("2026-11-22", "2026-11-22").flow.on == "on the day before"


# ---- words


def test_numbers_are_written_for_reading() -> None:
    assert number(10_005_534) == "10,005,534"
    assert number(Decimal("2360.905")) == "2,360.91"
    assert number(-3) == "−3"
    assert share(Decimal("0.631501")) == "63.15 %"
    assert show("days", Decimal("51.7819")) == "51.78 days"
    assert show("days", 1) == "1 day"
    assert show("amount", 5, is_fixed=True) == "5.00"
    assert show("share", None) == "–"
    assert [minutes(m) for m in (12.5, 59.99, 134, 2879, 4924.8)] == [
        "12.5 min", "1 h 0 min", "2 h 14 min", "47 h 59 min", "3.42 days",
    ]  # fmt: skip
    assert (money(Decimal("34500.5"), "USD"), money(7, "XXX")) == ("34,500.50 USD", "7")


def test_dates_and_lists_are_as_short_as_they_can_be_told() -> None:
    assert days_between(date(2026, 11, 9), date(2026, 11, 9)) == "9 November 2026"
    assert days_between(date(2026, 11, 9), date(2026, 11, 15)) == "9–15 November 2026"
    assert days_between(date(2026, 9, 28), date(2026, 10, 4)) == "28 September – 4 October 2026"
    assert days_between(date(2025, 12, 30), date(2026, 1, 2)) == "30 December 2025 – 2 January 2026"
    assert [listed(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


def test_names_cannot_turn_or_break_a_sentence() -> None:
    assert plain("  a\u0000\u202e b\n\tc ") == "a b c"
    assert name("x\u2069y") == "\u2068xy\u2069"
    assert name(None, "no rep") == "\u2068no rep\u2069"
    assert len(name("x" * 500)) == 62


@pytest.mark.parametrize(
    ("kind", "now", "then", "better", "text", "tone"),
    [
        ("count", 112, 100, "up", "▲ 12 % on the 7 days before", "good"),
        ("count", 88, 100, "up", "▼ 12 % on the 7 days before", "bad"),
        ("count", 88, 100, "down", "▼ 12 % on the 7 days before", "good"),
        ("count", 1001, 1000, None, "▲ 0.1 % on the 7 days before", "flat"),
        ("count", 5, 5, "up", "the same in the 7 days before", "flat"),
        ("count", 5, 0, "up", "0 in the 7 days before", "flat"),
        ("days", 5, None, "down", "no figure in the 7 days before", "flat"),
        ("share", Decimal("0.632"), Decimal("0.6"), "up", "▲ 3.20 points on the 7 days before", "good"),
        ("share", Decimal("0.5"), Decimal(0), "up", "▲ 50 points on the 7 days before", "good"),
    ],
)
def test_comparisons(kind: str, now: Decimal, then: Decimal | None, better: str, text: str, tone: str) -> None:
    change = compare(kind, now, then, frame("2026-11-09", "2026-11-15").flow, better)
    assert change is not None
    assert (change.text, change.tone) == (text, tone)


def test_no_figure_now_is_compared_with_nothing() -> None:
    assert compare("count", None, 5, frame("2026-11-09", "2026-11-15").flow) is None


def test_counts_are_compared_in_words() -> None:
    flow = frame("2026-11-09", "2026-11-15").flow
    assert more_or_less(5, 2, "count", flow) == "3 more than in the 7 days before"
    assert more_or_less(2, 5, "count", flow) == "3 fewer than in the 7 days before"
    assert more_or_less(2, 5, "amount", flow) == "3 less than in the 7 days before"
    assert more_or_less(2, 0, "count", flow) == "after none in the 7 days before"
    assert more_or_less(0, 0, "count", flow) == "the same as in the 7 days before"
