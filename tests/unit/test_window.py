"""Windows: half-open, business days of any length."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.window import Window

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_day_is_half_open_and_in_its_zone() -> None:
    window = Window.day("2026-11-22", BERLIN)
    assert window.start == datetime(2026, 11, 21, 23, tzinfo=UTC)
    assert window.end == datetime(2026, 11, 22, 23, tzinfo=UTC)
    assert window.days() == [date(2026, 11, 22)]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_days_of_a_clock_change_are_shorter_or_longer(day: str, hours: int) -> None:
    # clocks in the EU go forward on 2026-03-29 and back on 2026-10-25
    window = Window.day(day, BERLIN)
    assert window.end - window.start == timedelta(hours=hours)


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.integers(0, 400))
def test_days_of_a_span_follow_each_other_without_gap(first: date, more: int) -> None:
    last = first + timedelta(days=more)
    span = Window.between(first, last, BERLIN)
    days = [Window.day(day, BERLIN) for day in span.days()]
    assert days[0].start == span.start and days[-1].end == span.end
    assert all(a.end == b.start for a, b in pairwise(days))
    assert (span.first_day, span.last_day) == (first, last)


def test_naive_and_reversed_ends_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Window(datetime(2026, 1, 1), datetime(2026, 1, 2))
    with pytest.raises(ValueError, match="ends after it starts"):
        Window.between("2026-01-02", "2025-12-31")
