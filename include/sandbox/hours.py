"""Instants as milliseconds since 1970 UTC, and the working hours of the two offices."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
EPOCH = date(1970, 1, 1)

# First day of the lunar new year; the office in Shanghai is closed that day and the six after it.
LUNAR_NEW_YEAR = {
    2023: (1, 22), 2024: (2, 10), 2025: (1, 29), 2026: (2, 17), 2027: (2, 6), 2028: (1, 26), 2029: (2, 13),
    2030: (2, 3), 2031: (1, 23), 2032: (2, 11),
}  # fmt: skip


def ms_of(day: date) -> int:
    """The instant at which the day starts, UTC."""
    return (day - EPOCH).days * DAY


def day_of(at: int) -> date:
    """The UTC day of an instant."""
    return EPOCH + timedelta(days=at // DAY)


def iso(at: int) -> str:
    """2025-06-01T09:30:15.250Z, the CRM's way."""
    return f"{seconds(at)[:-1]}.{at % 1000:03d}Z"


@lru_cache(maxsize=65_536)
def _iso_seconds(at_seconds: int) -> str:
    return datetime.fromtimestamp(at_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(at: int) -> str:
    """2025-06-01T09:30:15Z, the help desk's way."""
    return _iso_seconds(at // 1000)


def parse(text: str) -> int:
    """Epoch milliseconds, or an ISO date or instant (UTC unless it says otherwise), to epoch milliseconds.

    :raises ValueError: when it is neither.
    """
    text = text.strip()
    if text.lstrip("-").isdigit():
        return int(text)
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    since = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * DAY + since.seconds * SECOND + since.microseconds // 1000


@dataclass(frozen=True)
class Office:
    """Open Monday to Friday from `opens` to `closes` (hours of local time) but on holidays."""

    id: int
    name: str
    time_zone: str  # as the help desk names zones
    utc_offset: int  # ms, in winter
    summer_time: bool  # the European rule
    opens: int = 9
    closes: int = 18

    def local(self, at: int) -> int:
        """The local wall clock, as ms since 1970-01-01 00:00 local."""
        return at + self.utc_offset + (HOUR if self.summer_time and _is_summer(at) else 0)

    def to_utc(self, local: int) -> int:
        at = local - self.utc_offset
        return at - HOUR if self.summer_time and _is_summer(at - HOUR) else at

    def is_working_day(self, day_number: int) -> bool:
        """Of a local day, as days since 1970-01-01 (a Thursday)."""
        return (day_number + 3) % 7 < 5 and day_number not in closed_days(self.name)

    def next_open(self, at: int) -> int:
        """The same instant when open, else the next opening."""
        local = self.local(at)
        day, in_day = divmod(local, DAY)
        if self.is_working_day(day):
            if in_day < self.opens * HOUR:
                return self.to_utc(day * DAY + self.opens * HOUR)
            if in_day < self.closes * HOUR:
                return at
        day += 1
        while not self.is_working_day(day):
            day += 1
        return self.to_utc(day * DAY + self.opens * HOUR)

    def after(self, at: int, working_minutes: float) -> int:
        """The instant `working_minutes` of open time later."""
        left = int(working_minutes * MINUTE)
        at = self.next_open(at)
        while True:
            local = self.local(at)
            closing = self.to_utc(local - local % DAY + self.closes * HOUR)
            if at + left < closing:
                return at + left
            left -= closing - at
            at = self.next_open(closing)


LONDON = Office(360000112233, "Europe and Americas", "London", 0, summer_time=True, opens=8, closes=20)
SHANGHAI = Office(360000112244, "Asia Pacific", "Beijing", 8 * HOUR, summer_time=False)
OFFICES = (LONDON, SHANGHAI)


@lru_cache(maxsize=64)
def _summer(year: int) -> tuple[int, int]:
    """From 01:00 UTC on the last Sunday of March to the same of October."""
    return tuple(  # type: ignore[return-value]
        ms_of(last - timedelta(days=(last.weekday() + 1) % 7)) + HOUR
        for last in (date(year, 3, 31), date(year, 10, 31))
    )


@lru_cache(maxsize=65_536)
def _year_of_day(day_number: int) -> int:
    return (EPOCH + timedelta(days=day_number)).year


def _is_summer(at: int) -> bool:
    first, last = _summer(_year_of_day(at // DAY))
    return first <= at < last


def easter(year: int) -> date:
    """Easter Sunday, by the anonymous Gregorian algorithm."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    month, day = divmod(h + week - 7 * ((a + 11 * h + 22 * week) // 451) + 114, 31)
    return date(year, month, day + 1)


def _monday(year: int, month: int, last: bool = False) -> date:
    if last:
        end = date(year, month, 31)
        return end - timedelta(days=end.weekday())
    first = date(year, month, 1)
    return first + timedelta(days=-first.weekday() % 7)


def holidays(office: str, year: int) -> list[tuple[str, date, date]]:
    """(name, first day, last day) of the office's holidays in a year."""
    if office == LONDON.name:
        days = [
            ("New Year's Day", date(year, 1, 1)),
            ("Good Friday", easter(year) - timedelta(days=2)),
            ("Easter Monday", easter(year) + timedelta(days=1)),
            ("Early May bank holiday", _monday(year, 5)),
            ("Spring bank holiday", _monday(year, 5, last=True)),
            ("Summer bank holiday", _monday(year, 8, last=True)),
            ("Christmas Day", date(year, 12, 25)),
            ("Boxing Day", date(year, 12, 26)),
        ]
        return [(name, day, day) for name, day in days]
    closed = [("New Year's Day", date(year, 1, 1), date(year, 1, 1))]
    if year in LUNAR_NEW_YEAR:
        first = date(year, *LUNAR_NEW_YEAR[year])
        closed.append(("Spring Festival", first, first + timedelta(days=6)))
    closed.append(("Labour Day", date(year, 5, 1), date(year, 5, 1)))
    closed.append(("National Day", date(year, 10, 1), date(year, 10, 7)))
    return closed


@lru_cache(maxsize=4)
def closed_days(office: str) -> frozenset[int]:
    """The office's holidays of 2020 to 2039, as days since 1970-01-01."""
    return frozenset(
        (first - EPOCH).days + i
        for year in range(2020, 2040)
        for _, first, last in holidays(office, year)
        for i in range((last - first).days + 1)
    )
