"""mart.sales_expectation: what each day and week of sales should have had by its own history, and what came."""

from datetime import date

import psycopg
from psycopg import sql

from include.models.expectations import tell_expectations
from include.public_holidays import public_holidays
from include.sales.pipelines import load_sales_config
from include.settings import SQL


def tell_anomalies(connection: psycopg.Connection, last_day: date) -> None:
    """Tell the last five years anew, by event time.

    :param connection: in the transaction that builds the sales marts.
    """
    statement = (SQL / "sales" / "day.sql").read_bytes()
    found: dict[str, dict[date, float]] = {}
    for series, day, figure in connection.execute(statement, {"last_day": last_day}):
        found.setdefault(series, {})[day] = float(figure)
    years = range(min((min(days).year for days in found.values()), default=last_day.year), last_day.year + 1)
    closed = public_holidays(load_sales_config().holiday_calendar, years)
    connection.execute((SQL / "sales" / "event_part.sql").read_bytes())
    tell_expectations(
        connection, sql.Identifier("mart", "sales_expectation"), found, last_day, closed, amounts=("bookings",)
    )
