"""How a source is pulled, whatever it holds: how late records may turn up, how often it may be asked."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from include.config_files import StrictModel

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _span(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(r"(\d{1,6})([smhd])", str(value))
    if not found:
        raise ValueError("is a number with s, m, h or d: 90s, 30m, 2h, 1d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


Span = Annotated[timedelta, BeforeValidator(_span)]


class Budget(StrictModel):
    """At most ``requests`` in any ``seconds``, over all tasks and machines that share the warehouse.

    Sources of one account at one vendor share a budget by naming the same ``pool``. It is also the pool of Airflow's
    that their tasks run in.
    """

    requests: Annotated[int, Field(gt=0, le=100_000)]
    seconds: Annotated[float, Field(gt=0, le=86_400)]
    pool: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")] | None = None
