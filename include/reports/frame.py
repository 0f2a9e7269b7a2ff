"""The frame of a report: its window, the period it is compared with, and the days that its pictures show."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from include.reports.language import _, _n
from include.reports.model import Phrase
from include.reports.words import day, days_between, long_month, month, short_day, weekday
from include.window import Window

PICTURE_DAYS = 28
COHORT_DAYS = 365
DAILY_UP_TO = 60
WEEKLY_UP_TO = 366
LONGEST_ALIKE = 300


@dataclass(frozen=True)
class Bucket:
    """One bar of a picture over time: whole business days, both ends included."""

    first_day: date
    last_day: date
    label: str
    is_in_window: bool


@dataclass(frozen=True)
class Frame:
    """What every query and picture of one report shares.

    :param window: the report's window; everything is as of its end.
    :param sources: names of the sources, sorted.
    :param is_narrow: pictures over time take half of the page's width.
    """

    window: Window
    sources: tuple[str, ...]
    is_narrow: bool = False

    @property
    def previous_start(self) -> datetime:
        """Start of the period before: as long as the window by the clock on the wall."""
        start, end = self.window.start.astimezone(self.window.zone), self.window.end.astimezone(self.window.zone)
        return start - (end.replace(tzinfo=None) - start.replace(tzinfo=None))

    @property
    def length(self) -> int:
        """Business days that the window touches."""
        return (self.window.last_day - self.window.first_day).days + 1

    @property
    def is_whole_days(self) -> bool:
        return all(t.astimezone(self.window.zone).time() == time.min for t in (self.window.start, self.window.end))

    @property
    def flow(self) -> Phrase:
        """The comparison of what happened in the window."""
        if not self.is_whole_days:
            return Phrase(on=_("on the period before"), at=_("in the period before"))
        if self.length == 1:
            return Phrase(on=_("on the day before"), at=_("on the day before"))
        return Phrase(
            on=_n("on the {n} day before", "on the {n} days before", self.length),
            at=_n("in the {n} day before", "in the {n} days before", self.length),
        )

    @property
    def stock(self) -> Phrase:
        """The comparison of what stood at the window's end."""
        return Phrase(on=_("since the window’s start"), at=_("at the window’s start"))

    @property
    def alike(self) -> Window | None:
        """The period that the window is like: the same weekday a week before, the same month or weeks a year before.

        None for a window of parts of days, or of a year and more, which the period before is like already.
        """
        first, last, zone = self.window.first_day, self.window.last_day, self.window.zone
        if not self.is_whole_days or self.length > LONGEST_ALIKE:
            return None
        if self.length == 1:
            return Window.day(first - timedelta(days=7), zone)
        if first.day == 1 and Window.month(first, zone) == self.window:
            return Window.month(first.replace(year=first.year - 1), zone)
        return Window.between(first - timedelta(weeks=52), last - timedelta(weeks=52), zone)

    @property
    def alike_words(self) -> str:
        """When that was, to begin a sentence with: ``In October 2025``; empty where there is no such period."""
        alike = self.alike
        if alike is None:
            return ""
        if self.length == 1:
            return _("On {weekday} {day}, a week before", weekday=weekday(alike.first_day), day=day(alike.first_day))
        if alike.first_day.day == 1 and Window.month(alike.first_day, alike.zone) == alike:
            return _("In {month}", month=long_month(alike.first_day))
        return _("In the same weeks a year before, {days}", days=days_between(alike.first_day, alike.last_day))

    @property
    def grain(self) -> str:
        """Days up to 60 days, weeks up to a year, months beyond."""
        if self.length <= DAILY_UP_TO:
            return "day"
        return "week" if self.length <= WEEKLY_UP_TO else "month"

    def buckets(self) -> list[Bucket]:
        """The bars of pictures over time, in order: at least 28 days up to the window's end, no bar cut short.

        Weeks are seven days counted back from the window's end; only the last month may be unfinished.
        """
        first, last, grain = self.window.first_day, self.window.last_day, self.grain
        if grain == "month":
            starts = [date(first.year, first.month, 1)]
            while (following := (starts[-1] + timedelta(days=32)).replace(day=1)) <= last:
                starts.append(following)
        else:
            step = 1 if grain == "day" else 7
            count = max(PICTURE_DAYS, self.length) if step == 1 else -(-self.length // step)
            starts = [last - timedelta(days=step * n - 1) for n in range(count, 0, -1)]
        ends = [start - timedelta(days=1) for start in starts[1:]] + [last]
        return [
            Bucket(start, end, month(start) if grain == "month" else short_day(start), end >= first)
            for start, end in zip(starts, ends, strict=True)
        ]

    def parameters(self) -> dict[str, Any]:
        """What the queries are bound to."""
        zone, last_day, alike = self.window.zone, self.window.last_day, self.alike
        history_first_day = self.buckets()[0].first_day
        cohort_first_day = min(self.window.first_day, last_day - timedelta(days=COHORT_DAYS - 1))
        return {
            "window_start": self.window.start,
            "window_end": self.window.end,
            "previous_start": self.previous_start,
            "history_start": Window.day(history_first_day, zone).start,
            "history_first_day": history_first_day,
            "cohort_start": Window.day(cohort_first_day, zone).start,
            "first_day": self.window.first_day,
            "last_day": last_day,
            "sources": list(self.sources),
            "timezone": zone.key,
            # none of it where there is no such period
            "alike_start": alike.start if alike else self.window.start,
            "alike_end": alike.end if alike else self.window.start,
        }
