"""mart.customer_value: every customer's value as of the last day built, by models fitted once a month.

The models learn from what had happened by the end of the last month that was over on that day, and are fitted again
only when that month is another one or what happened by then has changed (late orders, customers that were joined): a
model of the same window over the same data is taken from ops.model_run. So a day's run fits nothing as a rule, and the
order in which days came makes no difference.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from include.customers.value import purchases, spend
from include.customers.value.config import load_value_config
from include.customers.value.figures import COLUMNS, Valuation
from include.models.calendar import a_month_before, last_month_end
from include.models.clusters import FEWEST, Clusters, Feature, fit_or_say_why
from include.models.likelihood import Array
from include.models.runs import Fitted, Training, fingerprint, fit_once
from include.settings import SQL
from include.window import Window

FEWEST_REPEATING = 50  # customers with a repeat purchase: four parameters of fewer would be guesses
BATCH = 50_000

FEATURES = (
    Feature("recency_days", "recent", "long silent", is_log=True),
    Feature("frequency", "rare", "frequent", is_log=True),
    Feature("relative_monetary", "low value", "high value", is_log=True),
    Feature("tenure_days", "new", "long-standing", is_log=True),
    Feature("tickets", "few tickets", "many tickets", is_log=True),
)

HISTORIES = """
    select frequency - 1, last_on - first_on, last_day - first_on, count(*)
    from value_history where last_day = %s group by 1, 2, 3 order by 1, 2, 3
"""
AGES = "select distinct frequency - 1, last_day - first_on from value_history where last_day = %s"
AMOUNTS = """
    select currency, repeat_days, repeat_spend::double precision
    from value_history where last_day = %s and repeat_days > 0 order by currency collate "C", repeat_days, repeat_spend
"""
FEATURE_VALUES = sql.SQL(
    'select {} from value_history where last_day = %s order by customer_id collate "C"'
).format(sql.SQL(", ").join(sql.Identifier(feature.column) for feature in FEATURES))  # fmt: skip
CUSTOMERS = sql.SQL(
    "select customer_id, currency, frequency - 1, last_on - first_on, last_day - first_on, repeat_days,"
    " coalesce(repeat_spend, 0)::double precision, {} from value_history where last_day = %s"
).format(sql.SQL(", ").join(sql.Identifier(feature.column) for feature in FEATURES))


@dataclass(frozen=True)
class _Models:
    """What was fitted, each with the id of its run; None where there were too few data."""

    purchases: tuple[str, purchases.Purchases] | None
    spend: dict[str, tuple[str, spend.Spend]]
    clusters: tuple[str, Clusters] | None


def value_customers(connection: psycopg.Connection) -> None:
    """Build mart.customer_value as of the last day of the customers' marts, inside the transaction that builds them."""
    last_day = _last_day(connection)
    if last_day is None:
        return
    trained_to, month_before = last_month_end(last_day), a_month_before(last_day)
    connection.execute(
        "create temp table moment (last_day date primary key, ends_at timestamptz, is_now boolean) on commit drop"
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into moment values (%s, %s, %s)",
            [(day, Window.day(day).end, day == last_day) for day in sorted({last_day, trained_to, month_before})],
        )
    connection.execute("analyze moment")
    connection.execute((SQL / "value" / "history.sql").read_bytes())
    connection.execute("analyze value_history")
    models = _fit(connection, trained_to)
    _write_figures(connection, models, last_day, month_before)
    connection.execute((SQL / "mart" / "customer_value.sql").read_bytes())


def _last_day(connection: psycopg.Connection) -> date | None:
    row = connection.execute("select max(day_on) from ops.mart_day where subject = 'customers'").fetchone()
    return row[0] if row else None


def _fit(connection: psycopg.Connection, trained_to: date) -> _Models:
    row = connection.execute(
        "select min(first_on) from value_history where last_day = %s", [trained_to]
    ).fetchone()  # fmt: skip
    if not row or row[0] is None:
        return _Models(None, {}, None)
    window = Window.between(row[0], trained_to)

    def once(model: str, subject: str, data: Array, features: dict[str, Any], fit) -> tuple[str, dict | None]:
        training = Training(model, subject, window.start, window.end, features, fingerprint(data), len(data))
        return training.model_run_id, fit_once(connection, training, lambda: fit(data)).parameters

    histories = _array(connection, HISTORIES, trained_to, 4)
    run, found = once("bg_nbd", "customers", histories, {"time": "days", "fewest": FEWEST_REPEATING}, _fit_purchases)
    fitted = (run, purchases.Purchases(**_with_array(found))) if found else None

    by_currency: dict[str, list[tuple[float, float]]] = {}
    for currency, repeats, mean in connection.execute(AMOUNTS, [trained_to]):
        by_currency.setdefault(currency, []).append((repeats, mean))
    spends = {}
    for currency, amounts in by_currency.items():
        run, found = once(
            "gamma_gamma", f"customers {currency}", np.array(amounts), {"fewest": FEWEST_REPEATING}, _fit_spend
        )
        if found:
            spends[currency] = (run, spend.Spend(**_with_array(found)))

    values = _array(connection, FEATURE_VALUES, trained_to, len(FEATURES))
    run, found = once(
        "clusters", "customers", values, {"columns": [f.column for f in FEATURES], "fewest": FEWEST}, _fit_clusters
    )
    return _Models(fitted, spends, (run, Clusters.from_json(found)) if found else None)


def _fit_purchases(histories: Array) -> Fitted:
    x, t_x, T, n = histories.T
    repeating = int(n[x > 0].sum())
    if repeating < FEWEST_REPEATING:
        return Fitted(None, {"reason": _too_few(repeating, "customers with a repeat purchase")})
    try:
        model = purchases.fit(x, t_x, T, n)
    except ArithmeticError as error:
        return Fitted(None, {"reason": str(error)})
    scores = {"log_likelihood": model.log_likelihood, "customers": int(n.sum()), "repeating": repeating}
    return Fitted(_as_json(model), scores | _errors(model))


def _fit_spend(amounts: Array) -> Fitted:
    if len(amounts) < FEWEST_REPEATING:
        return Fitted(None, {"reason": _too_few(len(amounts), "customers with a repeat purchase in the currency")})
    try:
        model = spend.fit(amounts[:, 0], amounts[:, 1])
    except ArithmeticError as error:
        return Fitted(None, {"reason": str(error)})
    # the model takes for granted that how much does not depend on how often
    related = float(np.corrcoef(amounts.T)[0, 1]) if np.all(amounts.std(axis=0) > 0) else 0.0
    scores = {"log_likelihood": model.log_likelihood, "correlation_with_frequency": related}
    return Fitted(_as_json(model), scores | _errors(model))


def _fit_clusters(values: Array) -> Fitted:
    columns = {f.column: values[:, place] for place, f in enumerate(FEATURES)}
    return fit_or_say_why(columns, FEATURES, "customers who bought")


def _too_few(there: int, what: str) -> str:
    return f"{there:,} {what}, and {FEWEST_REPEATING} are needed"


def _as_json(model: purchases.Purchases | spend.Spend) -> dict[str, Any]:
    covariance = model.covariance
    return {**vars(model), "covariance": None if covariance is None else covariance.tolist()}


def _with_array(kept: dict[str, Any]) -> dict[str, Any]:
    covariance = kept["covariance"]
    return {**kept, "covariance": None if covariance is None else np.array(covariance)}


def _errors(model: purchases.Purchases | spend.Spend) -> dict[str, Any]:
    errors = model.standard_errors
    return {"standard_errors": None if errors is None else errors.tolist()}


def _array(connection: psycopg.Connection, query: str | sql.Composed, day: date, width: int) -> Array:
    """The figures of a query, one row a row, without a Python object for each of them at once."""
    cursor = connection.cursor("figures")
    with cursor:
        cursor.execute(query, [day])
        parts = [np.array(rows, dtype=float) for rows in iter(lambda: cursor.fetchmany(BATCH), [])]
    return np.concatenate(parts) if parts else np.empty((0, width))


def _batches(connection: psycopg.Connection, day: date) -> Iterator[list[Sequence[Any]]]:
    """The customers who had bought by the day, by columns, some at a time."""
    with connection.cursor("customers") as cursor:
        cursor.execute(CUSTOMERS, [day])
        while rows := cursor.fetchmany(BATCH):
            yield list(zip(*rows, strict=True))


def _write_figures(connection: psycopg.Connection, models: _Models, last_day: date, month_before: date) -> None:
    connection.execute(
        sql.SQL(
            "create temp table value_figure (customer_id text, last_day date, cluster text, purchases_run_id text,"
            " spend_run_id text, cluster_run_id text, {}) on commit drop"
        ).format(sql.SQL(", ").join(sql.SQL("{} double precision").format(sql.Identifier(c)) for c in COLUMNS))
    )
    terms = load_value_config().lifetime_value
    valuation = None
    if models.purchases:
        ages = _array(connection, AGES, last_day, 2).astype(int)
        valuation = Valuation(models.purchases[1], terms, ages[:, 0], ages[:, 1])
    for columns in _batches(connection, last_day):
        figures = _figures(valuation, models, columns) if valuation else {}
        _copy(connection, last_day, columns, _clusters(models, columns) | figures)
    for columns in _batches(connection, month_before) if models.clusters else ():
        _copy(connection, month_before, columns, _clusters(models, columns))
    connection.execute("analyze value_figure")


def _figures(valuation: Valuation, models: _Models, columns: list[Sequence[Any]]) -> dict[str, Any]:
    """The figures of a batch of customers, those of each currency by its own model of spend."""
    assert models.purchases
    x, t_x, T = (np.array(column, dtype=int) for column in columns[2:5])
    n, mean = (np.array(column, dtype=float) for column in columns[5:7])
    currencies = np.array(columns[1])
    found: dict[str, Any] = {column: np.full(len(x), np.nan) for column in COLUMNS}
    run_ids: list[str | None] = [None] * len(x)
    for currency in np.unique(currencies):
        own = np.flatnonzero(currencies == currency)
        run_id, model = models.spend.get(currency, (None, None))
        told = valuation.figures(x[own], t_x[own], T[own], model, n[own], mean[own])
        for column, values in told.items():
            found[column][own] = values
        for place in own:
            run_ids[place] = run_id
    return found | {"purchases_run_id": [models.purchases[0]] * len(x), "spend_run_id": run_ids}


def _clusters(models: _Models, columns: list[Sequence[Any]]) -> dict[str, Any]:
    if not models.clusters:
        return {}
    run_id, clusters = models.clusters
    labels = clusters.label({f.column: columns[7 + place] for place, f in enumerate(FEATURES)})
    return {"cluster": [clusters.names[label] for label in labels], "cluster_run_id": [run_id] * len(labels)}


def _copy(
    connection: psycopg.Connection, day: date, customers: list[Sequence[Any]], figures: dict[str, Any]
) -> None:  # fmt: skip
    import pyarrow as pa
    from pyarrow import csv

    table = pa.table({
        "customer_id": pa.array(customers[0]),
        "last_day": pa.array([day] * len(customers[0])),
        # what there is no figure for is null
        **{name: pa.array(values, from_pandas=True) for name, values in figures.items()},
    })  # fmt: skip
    text = io.BytesIO()
    csv.write_csv(table, text, csv.WriteOptions(include_header=False))
    statement = sql.SQL("copy value_figure ({}) from stdin (format csv)").format(
        sql.SQL(", ").join(map(sql.Identifier, table.column_names))
    )
    with connection.cursor().copy(statement) as copy:
        copy.write(text.getbuffer())
