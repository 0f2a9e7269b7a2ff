"""The half-open window that every step is a function of."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from include.settings import TIMEZONE


@dataclass(frozen=True)
class Window:
    """All instants t with ``start <= t < end``; both aware, in UTC.

    :raises ValueError: when an end is naive, or the window is empty or reversed.
    """

    start: datetime
    end: datetime
    zone: ZoneInfo = TIMEZONE

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a window needs aware times: say which time zone they are in")
        if self.start >= self.end:
            raise ValueError(f"a window ends after it starts, but {self.start} is not before {self.end}")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))

    @classmethod
    def day(cls, day: str | date, zone: ZoneInfo = TIMEZONE) -> "Window":
        """The business day ``2026-11-22`` (a partition key): 23, 24 or 25 hours long."""
        return cls.between(day, day, zone)

    @classmethod
    def between(cls, first: str | date, last: str | date, zone: ZoneInfo = TIMEZONE) -> "Window":
        """All business days from ``first`` to ``last``, both included."""
        first, last = _as_date(first), _as_date(last)
        return cls(_midnight(first, zone), _midnight(last + timedelta(days=1), zone), zone)

    @classmethod
    def week(cls, first: str | date, zone: ZoneInfo = TIMEZONE) -> "Window":
        """The seven days from ``first`` on."""
        return cls.between(first, _as_date(first) + timedelta(days=6), zone)

    @classmethod
    def month(cls, first: str | date, zone: ZoneInfo = TIMEZONE) -> "Window":
        """The month that ``first`` is in, whole."""
        start = _as_date(first).replace(day=1)
        return cls.between(start, (start + timedelta(days=32)).replace(day=1) - timedelta(days=1), zone)

    def widened(self, before: timedelta) -> "Window":
        """The window with some time before its start."""
        return Window(self.start - before, self.end, self.zone)

    @property
    def first_day(self) -> date:
        """The business day that the window starts in."""
        return self.start.astimezone(self.zone).date()

    @property
    def last_day(self) -> date:
        """The business day of the window's last instant."""
        return (self.end - timedelta(microseconds=1)).astimezone(self.zone).date()

    @property
    def last_day_start(self) -> datetime:
        """Where the window's last day starts: the version time of a record that has none of its own."""
        return max(self.start, _midnight(self.last_day, self.zone))

    def days(self) -> list[date]:
        """Every business day that the window touches, in order."""
        count = (self.last_day - self.first_day).days + 1
        return [self.first_day + timedelta(days=n) for n in range(count)]

    @property
    def label(self) -> str:
        """``2026-11-22`` or ``2026-11-01..2026-11-22``, for people and file names."""
        return f"{self.first_day}" if self.first_day == self.last_day else f"{self.first_day}..{self.last_day}"

    def __str__(self) -> str:
        return self.label


def _as_date(day: str | date) -> date:
    if isinstance(day, date):
        return day
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise ValueError(f"{day!r} is no day; expected one like 2026-11-22") from None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)
