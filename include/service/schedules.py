"""Business hours: the week of a schedule, spread out once over the days of UTC, so that all else is a join."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, model_validator

from include.config_files import StrictModel, read_config
from include.settings import CONFIG

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


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


class Schedule(StrictModel):
    """Weekly business hours in a time zone, and the days off."""

    name: str
    timezone: Annotated[str, AfterValidator(_known_zone)]
    week: dict[Weekday, Hours]
    holidays: list[date] = Field(default_factory=list)


class ServiceConfig(StrictModel):
    """The file include/config/service.yaml."""

    schedules: list[Schedule]

    @model_validator(mode="after")
    def _has_default(self) -> "ServiceConfig":
        if sum(schedule.name == "default" for schedule in self.schedules) != 1:
            raise ValueError("schedules: exactly one must be named default")
        return self


@dataclass(frozen=True)
class Piece:
    """A part of one UTC day in which a schedule is open or closed; ``seconds_before`` counts open seconds before it."""

    schedule: str
    day_on: date
    from_at: datetime
    to_at: datetime
    is_open: bool
    seconds_before: int


def load_service_config() -> ServiceConfig:
    """Read include/config/service.yaml.

    :raises ConfigError: when it is not as it should be.
    """
    return read_config(CONFIG / "service.yaml", ServiceConfig)


def pieces(schedule: Schedule, first: date, last: date) -> Iterator[Piece]:
    """Every UTC day from ``first`` to ``last`` cut into open and closed pieces, without gaps, in order.

    A local day's opening and closing are wall-clock times: on the day that clocks change the business day is still
    09:00 to 17:00, and an opening in the hour that does not exist is at its end.
    """
    opened = iter(sorted(open_spans(schedule, first - timedelta(days=2), last + timedelta(days=2))))
    span = next(opened, None)
    seconds = 0
    day = first
    while day <= last:
        at = datetime.combine(day, time.min, UTC)
        midnight = at + timedelta(days=1)
        while at < midnight:
            while span and span[1] <= at:
                span = next(opened, None)
            is_open = bool(span and span[0] <= at)
            edge = midnight if span is None else span[1] if is_open else span[0]
            until = min(edge, midnight)
            yield Piece(schedule.name, day, at, until, is_open, seconds)
            if is_open:
                seconds += int((until - at).total_seconds())
            at = until
        day += timedelta(days=1)


def open_spans(schedule: Schedule, first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
    """Opening and closing of every local day from ``first`` to ``last`` on which the schedule is open, in UTC."""
    zone = ZoneInfo(schedule.timezone)
    holidays = set(schedule.holidays)
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        hours = schedule.week.get(WEEKDAYS[day.weekday()])
        if hours is None or day in holidays:
            continue
        closing_day = day + timedelta(days=1) if hours.end == time(0) else day
        start = datetime.combine(day, hours.start, zone).astimezone(UTC)
        end = datetime.combine(closing_day, hours.end, zone).astimezone(UTC)
        if start < end:
            yield start, end
