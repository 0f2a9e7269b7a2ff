"""When things happen: the year, the week and the hours of a working day."""

from datetime import timedelta

from include.sandbox.dice import Dice, Weighted
from include.sandbox.hours import DAY, HOUR, LONDON, MINUTE, day_of, ms_of

NEW_DEALS = {1: 0.95, 2: 1.0, 3: 1.1, 4: 0.95, 5: 1.0, 6: 1.1, 7: 0.85, 8: 0.6, 9: 1.1, 10: 1.1, 11: 1.05, 12: 0.6}
NEW_TICKETS = {1: 1.15, 2: 1.05, 3: 1.0, 4: 0.95, 5: 0.95, 6: 1.0, 7: 0.85, 8: 0.75, 9: 1.1, 10: 1.1, 11: 1.1, 12: 0.8}
DEAL_WEEK = (1.1, 1.15, 1.1, 1.0, 0.8, 0.05, 0.03)
TICKET_WEEK = (1.25, 1.1, 1.05, 1.0, 0.9, 0.22, 0.15)
ORDER_WEEK = (1.1, 1.1, 1.05, 1.0, 0.95, 0.15, 0.1)
GROWTH_A_YEAR = 0.18
# Share of a day's messages by hour of the writer's day.
HOURS = Weighted(range(24), (2, 1, 1, 1, 1, 2, 4, 12, 40, 68, 74, 66, 44, 52, 68, 66, 58, 40, 18, 10, 8, 7, 5, 3))
OFFICE_HOURS = Weighted(range(9, 18), (7, 10, 10, 7, 6, 10, 10, 9, 6))


class Days:
    """Days from `start` until `end` (epoch ms), drawn by season, weekday, growth and planted `factors` by day."""

    def __init__(
        self, start: int, end: int, months: dict[int, float], week: tuple[float, ...],
        factors: dict[int, float] | None = None,
    ) -> None:  # fmt: skip
        self.days = list(range(start, end, DAY))
        self.weights = []
        for day in self.days:
            date = day_of(day)
            weight = months[date.month] * week[date.weekday()] * (1 + GROWTH_A_YEAR * (day - start) / DAY / 365)
            if date.weekday() < 5 and not LONDON.is_working_day(day // DAY):
                weight *= 0.15
            if date.month == 12 and date.day > 23:
                weight *= 0.35
            self.weights.append(weight * (factors or {}).get(day, 1.0))
        self._drawn = Weighted(self.days, self.weights)

    def draw(self, dice: Dice) -> int:
        return self._drawn.draw(dice)

    def usual_share(self, day: int) -> float:
        """The day's share of all."""
        return self.weights[self.days.index(day)] / self._drawn.cumulated[-1]


def moment(dice: Dice, day: int, utc_offset_hours: int, office: bool = False) -> int:
    """An instant of that day, by the writer's clock, never out of the UTC day."""
    hour = (OFFICE_HOURS if office else HOURS).draw(dice) - utc_offset_hours
    return day + hour % 24 * HOUR + dice.below(60 * MINUTE)


def working_moment(dice: Dice, at: int, utc_offset_hours: int) -> int:
    """`at`, moved to office hours: on to Monday from a weekend, into the working day from the night."""
    date = day_of(at)
    if date.weekday() >= 5:
        at += (7 - date.weekday()) * DAY
    in_day = (at % DAY) // HOUR
    if not 9 <= (in_day + utc_offset_hours) % 24 < 18:
        return moment(dice, at - at % DAY, utc_offset_hours, office=True)
    return at


def quarter_end(at: int) -> int:
    """The start of the last day of the quarter that the instant lies in."""
    date = day_of(at)
    month = (date.month - 1) // 3 * 3 + 3
    first_after = date.replace(year=date.year + month // 12, month=month % 12 + 1, day=1)
    return ms_of(first_after - timedelta(days=1))
