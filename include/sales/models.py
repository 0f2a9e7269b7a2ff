"""What the sales models tell, once the sales marts of a fresh day are built."""

from datetime import date

import psycopg

from include.sales.anomalies import tell_anomalies
from include.sales.clusters import tell_clusters
from include.sales.forecast import forecast_sales
from include.sales.win import tell_outlook
from include.settings import SQL


def model_sales(connection: psycopg.Connection) -> None:
    """Forecasts, chances of open deals, anomalies and clusters as of the last day of the sales marts.

    :param connection: in the transaction that builds them.
    """
    row = connection.execute("select max(day_on) from ops.mart_day where subject = 'sales'").fetchone()
    last_day: date | None = row[0] if row else None
    if last_day is None:
        return
    forecast_sales(connection, last_day)
    connection.execute((SQL / "mart" / "sales_forecast_accuracy.sql").read_bytes())
    tell_outlook(connection, last_day)
    tell_anomalies(connection, last_day)
    tell_clusters(connection, last_day)
