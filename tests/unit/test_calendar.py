"""The calendar, held against a printed one."""

from datetime import date, timedelta

import pytest

from include.models.calendar import (
    at_end,
    at_start,
    day_columns,
    week_columns,
    work_days,
)
from include.public_holidays import UnknownCalendarError, public_holidays

JUNE = [date(2026, 6, 1) + timedelta(days=n) for n in range(42)]  # a Monday; until Sunday 12 July


def test_holidays_of_a_country_and_of_a_part_of_one() -> None:
    # gov.uk: Good Friday 2026 is on 3 April, Easter Monday in England, not in Scotland
    assert date(2026, 4, 3) in public_holidays("GB-ENG", [2026])
    assert date(2026, 4, 6) in public_holidays("GB-ENG", [2026])
    assert date(2026, 4, 6) not in public_holidays("GB-SCT", [2026])
    assert public_holidays(None, [2026]) == set()


def test_an_unknown_calendar_is_refused() -> None:
    with pytest.raises(UnknownCalendarError, match="XX-1 is no known calendar"):
        public_holidays("XX-1", [2026])


def test_the_last_working_days_of_a_quarter() -> None:
    # 30 June 2026 is a Tuesday: with the Monday before it, and Friday and Thursday before the weekend, four
    ends = [day for day, is_end in zip(JUNE, at_end(JUNE, 3), strict=True) if is_end]
    assert ends == [date(2026, 6, 25), date(2026, 6, 26), date(2026, 6, 29), date(2026, 6, 30)]
    may = [date(2026, 5, 1) + timedelta(days=n) for n in range(31)]
    assert at_end(may, 3).sum() == 0
    # May ends on a Sunday
    assert [day.day for day, is_end in zip(may, at_end(may, 1), strict=True) if is_end] == [26, 27, 28, 29]


def test_the_first_working_days_of_a_quarter() -> None:
    starts = [day for day, is_start in zip(JUNE, at_start(JUNE, 3), strict=True) if is_start]
    assert starts == [date(2026, 7, 1), date(2026, 7, 2), date(2026, 7, 3), date(2026, 7, 6)]


def test_a_week_has_the_sums_of_its_days() -> None:
    closed = {date(2026, 6, 3)}
    assert work_days(JUNE[:7], closed).tolist() == [1, 1, 0, 1, 1, 0, 0]
    weeks = week_columns(JUNE, closed)
    # working days, last and first days of the quarter, last days of the month
    assert weeks[:, 0].tolist() == [4, 5, 5, 5, 5, 5]
    assert weeks[:, 1].tolist() == [0, 0, 0, 2, 2, 0]
    assert weeks[:, 2].tolist() == [0, 0, 0, 0, 3, 1]
    assert weeks[:, 3].tolist() == [0, 0, 0, 2, 2, 0]
    assert day_columns(JUNE, closed)[2, 6] == 1
