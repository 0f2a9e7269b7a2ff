"""What a backfill of a year would take, by the requests of one day."""

from collections.abc import Sequence
from dataclasses import dataclass

from include.check.step import Step
from include.sources.config import Source
from include.sources.config.rest import Rest

DAYS_A_YEAR = 365


@dataclass(frozen=True)
class DayOfCalls:
    """What a day of an entity costs: requests, whether there may be more, and seconds each."""

    requests: int
    is_least: bool
    seconds_each: float


def year_step(source: Source, days: Sequence[DayOfCalls]) -> Step:
    """What a backfill of a year costs, by the day that was read."""
    a_day = sum(day.requests for day in days)
    a_year = a_day * DAYS_A_YEAR
    seconds = sum(day.requests * day.seconds_each for day in days) * DAYS_A_YEAR
    least = "at least " if any(day.is_least for day in days) else "about "
    says = f"{least}{a_year:,} requests ({a_day:,} a day), {_duration(seconds)} at the speed of today"
    figures = {"requests_a_day": float(a_day), "requests_a_year": float(a_year), "seconds_a_year": round(seconds, 1)}
    if source.budget:
        allowed = a_year * source.budget.seconds / source.budget.requests
        figures["seconds_of_budget"] = round(allowed, 1)
        says += f"; the budget of {source.budget.requests:,} in {source.budget.seconds:g} s takes {_duration(allowed)}"
    whole = [entity.name for entity in source.entities.values() if entity.rest and _is_read_whole(entity.rest)]
    do = f"Read whole for every day: {', '.join(whole)}. Ask by time where the source can." if whole else ""
    return Step("a year's backfill", True, says, do, figures)


def _is_read_whole(rest: Rest) -> bool:
    return bool(rest.within or rest.snapshot) and not rest.request.placeholders()


def _duration(seconds: float) -> str:
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
