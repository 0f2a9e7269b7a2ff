"""What the pages say in the same words everywhere: what was done, states, instants, numbers."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from include.reports.words import NOTHING, cut, days_between, money, number, plain, plural, show
from include.settings import TIMEZONE
from include.window import Window

# What a page says after a change; the address carries the key only, so that nobody can make a page say anything else.
DONE = {
    "render": "The report is being made: a run of render_window was started, and the edition is listed here when it is"
    " done.",
    "send": "A run of render_window was started: it renders the window and puts the mail into the outbox, where Actions"
    " shows what becomes of it.",
    "replay": "A run of replay_quarantine was started: rows that pass today's rules leave quarantine. If the DAG is"
    " paused, the run waits until it is not.",
    "dismiss": "Dismissed: these rows are kept with your reason, and no longer wait.",
    "approve": "Approved: the next run of send_outbox sends them when their time has come.",
    "cancel": "Cancelled: these messages are not sent.",
    "resend": "They go once more, with the next run of send_outbox.",
    "arrived": "Settled: they arrived.",
    "not_arrived": "Settled: they did not arrive, and are no longer wanted.",
    "same": "Written: the next run of build_core brings the two together.",
    "different": "Written: the next run of build_core keeps the two apart.",
}


def instant(value: datetime | None) -> str:
    """``16 Nov 2026 14:05``, in the business time zone."""
    if value is None:
        return NOTHING
    there = value.astimezone(TIMEZONE)
    return f"{there.day} {there:%b %Y %H:%M}"


def ago(value: datetime | None, now: datetime) -> str:
    """How long ago: ``12 min``, ``3 h``, ``9 days``."""
    if value is None:
        return NOTHING
    minutes = int((now - value).total_seconds() // 60)
    if minutes < 0:
        return "ahead"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{number(minutes // 1440)} days"


def days(start: datetime, end: datetime) -> str:
    """The business days of a window: ``9–15 November 2026``."""
    window = Window(start, end)
    return days_between(window.first_day, window.last_day)


def text(value: Any) -> str:
    """Foreign text on one line, without characters that turn it around; a dash where there is none."""
    return NOTHING if value is None else cut(plain(str(value)), 300) or NOTHING


def trend(values: list[int], widest: int = 40) -> list[int]:
    """Heights of a row of bars, 0 to ``widest``, the highest value the full height; what is not nothing is seen."""
    highest = max(values, default=0) or 1
    return [0 if value == 0 else max(2, round(widest * value / highest)) for value in values]


FILTERS: dict[str, Callable[..., Any]] = {
    "instant": instant, "ago": ago, "text": text, "number": lambda value: show("count", value),
    "share": lambda value: show("share", value), "minutes": lambda value: show("minutes", value),
    "money": lambda value, currency: money(value, currency or "XXX"),
    "date": lambda value: show("date", value), "plural": plural,
}  # fmt: skip


def zone() -> str:
    """What the instants are in: ``UTC``."""
    return datetime.now(UTC).astimezone(TIMEZONE).tzname() or TIMEZONE.key
