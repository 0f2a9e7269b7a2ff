"""What the service models tell, once the service marts of a fresh day are built."""

from datetime import date

import psycopg

from include.service.topics import tell_topics
from include.service.volume import forecast_volume, tell_anomalies
from include.service.ways import tell_ways


def model_service(connection: psycopg.Connection) -> None:
    """Topics and ways of tickets, forecast of their number, unusual days, as of the last day of the service marts.

    :param connection: in a transaction of its own, after the service marts are built.
    """
    row = connection.execute("select max(day_on) from ops.mart_day where subject = 'service'").fetchone()
    last_day: date | None = row[0] if row else None
    if last_day is None:
        return
    tell_topics(connection, last_day)
    tell_ways(connection, last_day)
    forecast_volume(connection, last_day)
    tell_anomalies(connection, last_day)
