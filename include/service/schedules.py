"""Business hours: the week of a schedule, spread out once over the days of UTC, so that all else is a join."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Annotated, Literal, Protocol
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, model_validator

from include.config_files import StrictModel
from include.public_holidays import UnknownCalendarError, public_holidays

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Span = tuple[datetime, datetime]


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name} is not a time zone; expected one like Europe/Berlin")
    return name


class Hours(StrictModel):
    """When a schedule is open on a weekday, in its own time zone; an end of 00:00 is midnight that night."""

    start: time
    end: time

    @model_validator(mode="before")
    @classmethod
    def _from_pair(cls, value: object) -> object:
        if isinstance(value, list) and len(value) == 2:
            return {"start": value[0], "end": value[1]}
        return value

    @model_validator(mode="after")
    def _in_order(self) -> "Hours":
        if self.end != time(0) and self.start >= self.end:
            raise ValueError(f"opens at {self.start} and closes at {self.end}: the end must be later")
        return self


class OpenHours(Protocol):
    """When something is open, from an instant on."""

    @property
    def since(self) -> datetime | None:
        """From when on this holds; None for the beginning."""

    def opened(self, first: date, last: date) -> Iterator[Span]:
        """Opening and closing of every local day from ``first`` to ``last``, in UTC, in order."""


class Schedule(StrictModel):
    """Weekly business hours in a time zone, and the days off.

    ``week`` has a pair of times a weekday, or several pairs in order: a lunch break closes.

    :param from_: ``from:`` in the file: the instant from which these hours hold, and those of the same name before no
        longer; the earliest of a name holds from the beginning.
    :param country: whose public holidays are off: ``CN``, or a part of one, ``GB-ENG`` (ISO 3166).
    :param holidays: more days off, in the schedule's time zone.
    """

    model_config = ConfigDict(populate_by_name=True)

    name: str
    timezone: Annotated[str, AfterValidator(_known_zone)]
    from_: AwareDatetime | None = Field(default=None, alias="from")
    week: dict[Weekday, tuple[Hours, ...]]
    country: str | None = None
    holidays: list[date] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _one_or_several_pairs(cls, value: object) -> object:
        if isinstance(value, dict) and isinstance(value.get("week"), dict):
            week = {
                day: [hours] if isinstance(hours, list) and hours and not isinstance(hours[0], list) else hours
                for day, hours in value["week"].items()
            }
            return {**value, "week": week}
        return value

    @model_validator(mode="after")
    def _hangs_together(self) -> "Schedule":
        for day, hours in self.week.items():
            for one, after in pairwise(hours):
                if one.end == time(0) or after.start < one.end:
                    raise ValueError(f"{day}: {after.start} is before the end of the hours before it")
        try:
            public_holidays(self.country, [2026])
        except UnknownCalendarError:
            raise ValueError(
                f"country: {self.country} is not known; expected one like FR, or a part of one like GB-ENG"
            ) from None
        return self

    @property
    def since(self) -> datetime | None:
        """From when on these hours hold; None for the beginning."""
        return self.from_

    def opened(self, first: date, last: date) -> Iterator[Span]:
        """Opening and closing of every local day from ``first`` to ``last``, in UTC, in order."""
        zone = ZoneInfo(self.timezone)
        closed = {*self.holidays, *public_holidays(self.country, range(first.year, last.year + 1))}
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            if day in closed:
                continue
            for hours in self.week.get(WEEKDAYS[day.weekday()], ()):
                closing_day = day + timedelta(days=1) if hours.end == time(0) else day
                start = first_instant(datetime.combine(day, hours.start), zone)
                end = first_instant(datetime.combine(closing_day, hours.end), zone)
                if start < end:
                    yield start, end


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant, in UTC, at which a zone's clock shows a time or one after it.

    The hour that a clock change repeats counts from its first showing; a time that it leaves out is the change itself.
    """
    at = wall.replace(tzinfo=zone).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == wall:
        return at
    # left out: the change lies between the two readings of the time, the one by the offset after it being the earlier
    low, high = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), at
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


@dataclass(frozen=True)
class Piece:
    """A part of one UTC day in which a schedule is open or closed; ``seconds_before`` counts open seconds before it."""

    schedule: str
    day_on: date
    from_at: datetime
    to_at: datetime
    is_open: bool
    seconds_before: int


def pieces(name: str, spans: Iterable[Span], first: date, last: date) -> Iterator[Piece]:
    """Every UTC day from ``first`` to ``last`` cut into open and closed pieces, without gaps, in order.

    A local day's opening and closing are wall-clock times: on the day that clocks change the business day is still
    09:00 to 17:00; see `first_instant` for times in the hour that a change repeats or leaves out.

    :param spans: opening and closing in UTC, in order, from two days before ``first`` to two days after ``last``.
    """
    left = iter(spans)
    span = next(left, None)
    seconds = 0
    day = first
    while day <= last:
        at = datetime.combine(day, time.min, UTC)
        midnight = at + timedelta(days=1)
        while at < midnight:
            while span and span[1] <= at:
                span = next(left, None)
            is_open = bool(span and span[0] <= at)
            edge = midnight if span is None else span[1] if is_open else span[0]
            until = min(edge, midnight)
            yield Piece(name, day, at, until, is_open, seconds)
            if is_open:
                seconds += int((until - at).total_seconds())
            at = until
        day += timedelta(days=1)


def open_spans(versions: Sequence[OpenHours], first: date, last: date) -> Iterator[Span]:
    """Opening and closing in UTC of a schedule whose hours changed: each version's, cut at the instant of the change.

    :param versions: of one name; the order does not matter.
    """
    ordered = sorted(versions, key=lambda one: one.since or datetime.min.replace(tzinfo=UTC))
    margin = timedelta(days=2)
    for number, version in enumerate(ordered):
        since = version.since if number else None
        until = ordered[number + 1].since if number + 1 < len(ordered) else None
        one = max(first - margin, since.date() - margin) if since else first - margin
        other = min(last + margin, until.date() + margin) if until else last + margin
        for start, end in version.opened(one, other):
            opens, closes = max(start, since or start), min(end, until or end)
            if opens < closes:
                yield opens, closes
