"""mart.account_cluster and mart.deal_cluster: groups of companies, and of open deals, that behave alike.

The groups are found once a month, from what had happened by the end of the month before; each day says who is in which.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from include.models.calendar import a_month_before, last_month_end
from include.models.clusters import Clusters, Feature, fit_or_say_why, stated
from include.models.columns import read_columns
from include.models.runs import Training, fingerprint, fit_once
from include.settings import SQL
from include.window import Window

ACCOUNT = (
    Feature("deals", "few deals", "many deals", is_log=True),
    Feature("win_rate", "seldom buys", "often buys"),
    Feature("won_amount", "low value", "high value", is_log=True),
    Feature("open_deals", "nothing open", "deals open", is_log=True),
    Feature("days_since_deal", "active", "long silent", is_log=True),
    Feature("tenure_days", "new", "long-standing", is_log=True),
)
DEAL = (
    Feature("amount", "small", "large", is_log=True),
    Feature("age_days", "young", "old", is_log=True),
    Feature("days_in_stage", "moving", "standing still", is_log=True),
    Feature("visits", "at the start", "far on", is_log=True),
    Feature("activities", "little done", "much done", is_log=True),
    Feature("silent_days", "in touch", "silent", is_log=True),
)


def tell_clusters(connection: psycopg.Connection, last_day: date) -> None:
    """Tell the group of every company with deals and of every open deal, as of a day and a month before.

    :param connection: in the transaction that builds the sales marts.
    """
    _tell(connection, "accounts", "account", ACCOUNT, ("company_id", "company_name"), "mart.account_cluster", last_day)
    _tell(connection, "open deals", "open_deal", DEAL, ("source", "deal_id"), "mart.deal_cluster", last_day)


def _tell(
    connection: psycopg.Connection,
    subject: str,
    query: str,
    features: Sequence[Feature],
    columns: tuple[str, str],
    table: str,
    last_day: date,
) -> None:
    month_end = last_month_end(last_day)
    schema, name = table.split(".")
    into = sql.Identifier(schema, name)
    connection.execute(sql.SQL("delete from {}").format(into))
    found = _fit(connection, subject, features, _read(connection, query, month_end), month_end)
    if found is None:
        return
    run_id, clusters = found
    then = _read(connection, query, a_month_before(last_day))
    before = dict(zip(then["key"], _names(clusters, then), strict=True))
    now = _read(connection, query, last_day)
    statement = sql.SQL("copy {} ({}, known_to, cluster, cluster_month_before, model_run_id) from stdin").format(
        into, sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor().copy(statement) as copy:
        for key, one, other, cluster in zip(
            now["key"], now[columns[0]], now[columns[1]], _names(clusters, now), strict=True
        ):
            copy.write_row((one, other, last_day, cluster, before.get(key), run_id))


def _read(connection: psycopg.Connection, query: str, on_day: date) -> dict[str, Any]:
    return read_columns(connection, SQL / "sales" / f"{query}.sql", {"on_day": on_day})


def _names(clusters: Clusters, rows: dict[str, Any]) -> list[str]:
    return [clusters.names[label] for label in clusters.label(rows)] if rows["key"] else []


def _fit(
    connection: psycopg.Connection, subject: str, features: Sequence[Feature], rows: dict[str, Any], month_end: date
) -> tuple[str, Clusters] | None:
    data = [np.asarray(rows[feature.column], dtype=float) for feature in features]
    row = connection.execute("select min(created_at) from mart.deal").fetchone()
    end = Window.day(month_end).end
    window = Window(min(row[0] or end, end - timedelta(days=1)) if row else end, end)
    training = Training(
        "clusters", subject, window.start, window.end, stated(features), fingerprint(*data), len(rows["key"])
    )
    parameters = fit_once(connection, training, lambda: fit_or_say_why(rows, features, subject)).parameters
    return (training.model_run_id, Clusters.from_json(parameters)) if parameters else None
