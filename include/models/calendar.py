"""What the calendar says of a day, for figures that follow it: weekends, public holidays, the ends of periods."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

# Working days at the end of a month or quarter in which deals are hurried in, and at the start in which they lack.
LAST_DAYS = 4
# Days at the ends of periods may differ from others less than weekdays and holidays do: few were seen, and one that was
# out of the ordinary says little of them. Of single days a model takes their effects for so much smaller.
SELDOM = 0.4


def work_days(days: Sequence[date], closed: set[date]) -> Array:
    """Whether each day is a working day: 1 from Monday to Friday but on holidays, else 0."""
    return np.array([float(day.weekday() < 5 and day not in closed) for day in days])


def at_end(days: Sequence[date], months: int) -> Array:
    """1 for each of the last working days of a month (``months`` 1) or of a quarter (3), else 0; weekends apart."""
    return np.array([float(day.weekday() < 5 and _weekdays_left(day, months) < LAST_DAYS) for day in days])


def at_start(days: Sequence[date], months: int) -> Array:
    """The same of the first working days."""
    return np.array([float(day.weekday() < 5 and _weekdays_gone(day, months) < LAST_DAYS) for day in days])


def _weekdays_left(day: date, months: int) -> int:
    """Weekdays after the day in its period; of a day far from the end, at least LAST_DAYS."""
    first = (day + timedelta(days=LAST_DAYS + 4)).replace(day=1)  # of the next period, if that is near
    if first <= day or (first.month - 1) % months:
        return LAST_DAYS
    return sum((day + timedelta(days=n)).weekday() < 5 for n in range(1, (first - day).days))


def _weekdays_gone(day: date, months: int) -> int:
    if (day.month - 1) % months:
        return LAST_DAYS
    return sum(day.replace(day=n).weekday() < 5 for n in range(1, day.day)) if day.day <= LAST_DAYS + 4 else LAST_DAYS


def day_columns(days: Sequence[date], closed: set[date]) -> Array:
    """What the calendar says of each day, a column each: weekdays, holidays, the end of the year, of periods."""
    return np.column_stack([
        *(np.array([float(day.weekday() == weekday) for day in days]) for weekday in range(1, 7)),
        np.array([float(day in closed and day.weekday() < 5) for day in days]),
        np.array([float(day.month == 12 and day.day > 23 and day.weekday() < 5) for day in days]),
        SELDOM * at_end(days, 3), SELDOM * at_start(days, 3), SELDOM * at_end(days, 1),
    ])  # fmt: skip


def week_columns(days: Sequence[date], closed: set[date]) -> Array:
    """The same of weeks: working days, and how many of them begin or end a quarter, or end a month.

    :param days: whole weeks of days, from a Monday on.
    """
    columns = [work_days(days, closed), at_end(days, 3), at_start(days, 3), at_end(days, 1)]
    return np.column_stack(columns).reshape(len(days) // 7, 7, -1).sum(axis=1)


def last_month_end(day: date) -> date:
    """The last day of the last month that was over at the end of the day."""
    return (day + timedelta(days=1)).replace(day=1) - timedelta(days=1)


def a_month_before(day: date) -> date:
    """The same day of the month before; of the last day of a month, the last day of the one before."""
    end = day.replace(day=1) - timedelta(days=1)
    return end if last_month_end(day) == day else end.replace(day=min(day.day, end.day))
