"""Business hours: pieces without gaps, equal to a count second by second."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.config_files import ConfigError, read_config
from include.service.config import ServiceConfig, load_service_config
from include.service.schedules import WEEKDAYS, OpenHours, Piece, Schedule, open_spans, pieces


def schedule(zone: str, hours: list[str], holidays: tuple[str, ...] = ()) -> Schedule:
    week = dict.fromkeys(WEEKDAYS[:5], hours)
    return Schedule.model_validate({"name": "default", "timezone": zone, "week": week, "holidays": list(holidays)})


def spread(hours: OpenHours, first: date, last: date) -> list[Piece]:
    return list(pieces("default", open_spans([hours], first, last), first, last))


def test_a_week_of_nine_to_five_has_forty_hours() -> None:
    week = spread(schedule("UTC", ["09:00", "17:00"]), date(2026, 11, 2), date(2026, 11, 8))
    assert sum((p.to_at - p.from_at).total_seconds() for p in week if p.is_open) == 40 * 3600
    assert week[-1].seconds_before == 40 * 3600


def test_a_holiday_is_closed_and_the_clock_change_keeps_wall_clock_hours() -> None:
    plan = schedule("Europe/Berlin", ["09:00", "17:00"], ("2026-10-26",))
    opened = [p for p in spread(plan, date(2026, 10, 23), date(2026, 10, 27)) if p.is_open]
    # Friday in summer time (UTC+2), the weekend and Monday closed, Tuesday in winter time (UTC+1)
    assert [(p.from_at.isoformat(), p.to_at.isoformat()) for p in opened] == [
        ("2026-10-23T07:00:00+00:00", "2026-10-23T15:00:00+00:00"),
        ("2026-10-27T08:00:00+00:00", "2026-10-27T16:00:00+00:00"),
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe"]),
    st.integers(0, 22), st.integers(1, 8), st.dates(date(2024, 1, 1), date(2026, 12, 31)),
)  # fmt: skip
def test_pieces_equal_a_count_minute_by_minute(zone: str, opens: int, length: int, first: date) -> None:
    closes = min(opens + length, 24)
    plan = schedule(zone, [f"{opens:02}:00", f"{closes % 24:02}:00"])
    days = spread(plan, first, first + timedelta(days=3))
    assert all(a.to_at == b.from_at for a, b in pairwise(days))
    assert all(p.from_at.date() == p.day_on for p in days)
    counted = 0
    at = datetime.combine(first, datetime.min.time(), UTC)
    while at < days[-1].to_at:
        local = at.astimezone(ZoneInfo(zone))
        counted += local.weekday() < 5 and opens <= local.hour < closes
        at += timedelta(minutes=1)
    shown = sum((p.to_at - p.from_at).total_seconds() for p in days if p.is_open) / 60
    # a local hour that a clock change repeats lies in both readings of the clock: a span has it once in full
    assert shown == counted or (abs(shown - counted) <= 60 and zone not in ("UTC", "Asia/Shanghai"))


def test_the_project_s_own_file_is_valid() -> None:
    assert [s.name for s in load_service_config().schedules].count("default") == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("schedules: []\nstatuses: {}", "one must be named default"),
        ("schedules: [{name: default, timezone: Mars, week: {}}]", "Mars is not a time zone"),
        ("schedules: [{name: default, timezone: UTC, week: {monday: ['17:00', '09:00']}}]", "the end must be later"),
        ("schedules: [{name: default, timezone: UTC, weeks: {}}]", "weeks"),
        ("a: [", "expected (the )?node content"),
    ],
)
def test_a_wrong_file_names_the_file_and_the_key(tmp_path, text: str, says: str) -> None:
    path = tmp_path / "service.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=says) as error:
        read_config(path, ServiceConfig)
    assert str(path) in str(error.value)
