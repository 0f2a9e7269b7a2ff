"""Public holidays of countries and of their parts."""

from collections.abc import Sequence
from datetime import date


class UnknownCalendarError(ValueError):
    """No calendar of public holidays is of that country or region: the message says which there are."""


def public_holidays(calendar: str | None, years: Sequence[int]) -> set[date]:
    """The public holidays of a country (``FR``) or of a part of one (``GB-ENG``), ISO 3166; none without a calendar.

    :raises UnknownCalendarError: when there is no such calendar.
    """
    if calendar is None:
        return set()
    import holidays

    country, _, part = calendar.partition("-")
    try:
        return set(holidays.country_holidays(country, subdiv=part or None, years=list(years)))
    except NotImplementedError:
        raise UnknownCalendarError(
            f"{calendar} is no known calendar of public holidays; expected a country like FR, or a part like GB-ENG"
        ) from None
