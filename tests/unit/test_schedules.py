"""Business hours: pieces without gaps, equal to a count second by second."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.config_files import ConfigError, read_config
from include.service.config import ServiceConfig, When, load_service_config
from include.service.desk import DeskHours, iana_zone
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


ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "America/St_Johns",
         "Asia/Kathmandu", "America/Santiago")  # fmt: skip
# Days on which clocks change somewhere, and one on which none does.
CHANGES = (date(2026, 3, 8), date(2026, 3, 29), date(2026, 4, 5), date(2026, 9, 6), date(2026, 10, 4),
           date(2026, 10, 25), date(2026, 11, 1), date(2026, 6, 17))  # fmt: skip
MINUTE = timedelta(minutes=1)


@st.composite
def hours(draw: st.DrawFn) -> Schedule:
    """A schedule in any zone, one or two times a day, with days off, and perhaps from an instant on."""
    week = {}
    for weekday in draw(st.sets(st.sampled_from(WEEKDAYS), min_size=4)):
        edges = sorted(draw(st.sets(st.integers(0, 24 * 60), min_size=4, max_size=4)))
        pairs = [edges[:2], edges[2:]][: draw(st.integers(1, 2))]
        week[weekday] = [[f"{m // 60 % 24:02}:{m % 60:02}" for m in pair] for pair in pairs]
    about = draw(st.sampled_from(CHANGES))
    return Schedule.model_validate({
        "name": "default", "timezone": draw(st.sampled_from(ZONES)), "week": week,
        "holidays": [about + timedelta(days=n) for n in draw(st.sets(st.integers(-2, 3), max_size=2))],
    })  # fmt: skip


def open_minutes(versions: list[Schedule], start: datetime, end: datetime) -> set[datetime]:
    """The minutes in which it is open, walked through one by one.

    On each local day it opens in the first minute whose clock shows the opening or later, and closes likewise.
    """
    found = set()
    for number, version in enumerate(versions):
        zone = ZoneInfo(version.timezone)
        until = versions[number + 1].from_ if number + 1 < len(versions) else None
        shown: dict[date, list[tuple[int, datetime]]] = {}
        at = start - timedelta(days=2)
        while at < end + timedelta(days=2):
            local = at.astimezone(zone)
            shown.setdefault(local.date(), []).append((local.hour * 60 + local.minute, at))
            at += MINUTE
        for day, minutes in shown.items():
            if day in version.holidays:
                continue
            following = shown.get(day + timedelta(days=1))
            for pair in version.week.get(WEEKDAYS[day.weekday()], ()):
                opens, closes = (edge.hour * 60 + edge.minute for edge in (pair.start, pair.end))
                first = next((m for shows, m in minutes if shows >= opens), None)
                last = next((m for shows, m in minutes if shows >= closes), None) if closes else None
                last = last or (following[0][1] if following else None)
                first = first or (following[0][1] if following else None)
                while first and last and first < last:
                    if (version.from_ is None or first >= version.from_) and (until is None or first < until):
                        found.add(first)
                    first += MINUTE
    return {minute for minute in found if start <= minute < end}


@settings(max_examples=80, deadline=None)
@given(hours(), st.none() | hours(), st.sampled_from(CHANGES), st.integers(0, 4 * 24 * 60), st.data())
def test_business_time_equals_a_count_minute_by_minute(
    plan: Schedule, later: Schedule | None, about: date, change: int, data: st.DataObject
) -> None:
    first, last = about - timedelta(days=2), about + timedelta(days=2)
    start, end = (datetime.combine(day, datetime.min.time(), UTC) for day in (first, last + timedelta(days=1)))
    versions = [plan]
    if later is not None:  # the hours are others from this instant on, in the middle of a day
        versions.append(later.model_copy(update={"from_": start + change * MINUTE}))
    opened = open_minutes(versions, start, end)
    found = list(pieces("default", open_spans(versions, first, last), first, last))
    assert all(a.to_at == b.from_at for a, b in pairwise(found))
    assert all(p.from_at.date() == p.day_on and p.from_at < p.to_at for p in found)

    def seconds(at: datetime) -> float:
        piece = next(p for p in found if p.from_at <= at < p.to_at)
        return piece.seconds_before + ((at - piece.from_at).total_seconds() if piece.is_open else 0)

    def counted(at: datetime) -> float:
        whole = at.replace(second=0)
        part = (at - whole).total_seconds() if whole in opened else 0
        return 60 * sum(minute < whole for minute in opened) + part

    span = int((end - start).total_seconds()) - 1
    for _ in range(10):
        at = start + timedelta(seconds=data.draw(st.integers(0, span)))
        assert seconds(at) == counted(at), at


def test_a_closing_in_the_repeated_hour_is_at_its_first_showing() -> None:
    # New York, 1 November 2026: 01:30 is shown at 05:30 and at 06:30 UTC
    plan = Schedule.model_validate({
        "name": "default", "timezone": "America/New_York", "week": {"sunday": ["00:30", "01:30"]},
    })  # fmt: skip
    opened = [p for p in spread(plan, date(2026, 11, 1), date(2026, 11, 1)) if p.is_open]
    assert [(f"{p.from_at:%H:%M}", f"{p.to_at:%H:%M}") for p in opened] == [("04:30", "05:30")]


def test_a_help_desk_s_week_starts_on_sunday_and_its_holidays_are_closed() -> None:
    # 540 to 1020 is Sunday 9 to 17; 10020 to 10080 is Saturday's last hour
    plan = DeskHours(
        datetime(2026, 1, 1, tzinfo=UTC), "Europe/London", ((540, 1020), (10020, 10080)), frozenset({date(2026, 7, 12)})
    )
    opened = [p for p in spread(plan, date(2026, 7, 4), date(2026, 7, 12)) if p.is_open]
    assert [(f"{p.from_at:%d %H:%M}", f"{p.to_at:%d %H:%M}") for p in opened] == [
        ("04 22:00", "04 23:00"), ("05 08:00", "05 16:00"), ("11 22:00", "11 23:00"),
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "zone"), [
    ("Pacific Time (US & Canada)", "America/Los_Angeles"), ("London", "Europe/London"), ("Beijing", "Asia/Shanghai"),
    ("Europe/Berlin", "Europe/Berlin"), ("Mars", None), ("", None),
])  # fmt: skip
def test_zones_are_found_by_the_help_desk_s_names(name: str, zone: str | None) -> None:
    assert iana_zone(name) == zone


def test_the_project_s_own_file_is_valid() -> None:
    assert [s.name for s in load_service_config().schedules].count("default") == 1


def test_a_segment_is_known_however_it_is_spelt() -> None:
    assert When(segment=("champions", "LOYAL")).segment == ("Champions", "Loyal")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("schedules: []\nstatuses: {}", "one must be named default"),
        ("schedules: [{name: default, timezone: Mars, week: {}}]", "Mars is not a time zone"),
        ("schedules: [{name: default, timezone: UTC, week: {monday: ['17:00', '09:00']}}]", "the end must be later"),
        ("schedules: [{name: default, timezone: UTC, weeks: {}}]", "weeks"),
        (
            "policies: [{name: A, when: {segment: [best]}, targets: {first_reply: 5}}]",
            "best: value.yaml's segments are",
        ),
        ("a: [", "expected (the )?node content"),
    ],
)
def test_a_wrong_file_names_the_file_and_the_key(tmp_path, text: str, says: str) -> None:
    path = tmp_path / "service.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=says) as error:
        read_config(path, ServiceConfig)
    assert str(path) in str(error.value)
