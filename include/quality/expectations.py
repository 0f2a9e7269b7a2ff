"""Great Expectations inside PostgreSQL: what a suite finds in a batch table, and SQL that names every failing row.

Great Expectations sees counts only. Its own ``unexpected_index_query`` is not used: version 1.24 prints its parameters
as Python does, so a quote or a date in a rule gives SQL that does not run, and it leaves out ``row_condition``, which
gives rows that did not fail. The SQL here is made of the same conditions, as the driver itself would send them.
"""

import logging
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

from include.quality.suites import QualityError, Rule, Severity, Suite

ROW_NUMBER = "row_number"

# BASIC is the least that counts; with a limit of 0 the query for example values returns at once and reads no row.
_RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}

# Results are kept for ever and must hold no value of a customer: these keys are counts and shares.
_COUNTS = (
    "element_count",
    "missing_count",
    "missing_percent",
    "unexpected_count",
    "unexpected_percent",
    "unexpected_percent_total",
    "unexpected_percent_nonmissing",
)

# What these observe is the names and types of columns, so it is kept whole.
_ABOUT_COLUMNS = {
    "expect_column_to_exist",
    "expect_column_type_to_be",
    "expect_column_values_to_be_in_type_list",
    "expect_column_values_to_be_of_type",
    "expect_table_columns_to_match_ordered_list",
    "expect_table_columns_to_match_set",
}


class WarehouseAwayError(Exception):
    """The warehouse could not be reached, or went away: another try may do, unlike with a `QualityError`."""


@dataclass(frozen=True)
class RuleResult:
    """What one rule found.

    ``level`` is ``row`` when failing rows can be named, else ``table``. ``evaluated`` counts the rows the rule judged
    (for a column's values, those that are not null), ``unexpected`` those that failed (0 for a table rule).
    ``observed`` is the figure of a table rule. ``failing_rows_sql``, only where a row rule failed, is one ``select``
    of the key columns and no row twice: its values are written in, so execute it, or a statement made around it,
    without parameters (a ``%`` in it stands for itself).
    """

    rule: str
    expectation: str
    column: str | None
    severity: Severity
    level: Literal["row", "table"]
    success: bool
    evaluated: int
    unexpected: int
    observed: str | None
    failing_rows_sql: str | None


@dataclass(frozen=True)
class Validation:
    """What a suite found in a table; ``success`` when every rule is met, whatever its severity.

    ``statistics`` and ``json`` are Great Expectations' own, the latter without any value out of a row.
    """

    success: bool
    statistics: dict[str, Any]
    results: tuple[RuleResult, ...]
    json: dict[str, Any]


def validate(
    sqlalchemy_url: str, schema: str, table: str, suite: Suite, key: Sequence[str] = (ROW_NUMBER,)
) -> Validation:
    """Run a suite on a committed table or view that has a unique column ``row_number``.

    :param sqlalchemy_url: ``postgresql+psycopg2://…``; the session is in UTC, and no connection stays open.
    :param key: the columns by which failing rows are named, together unique and never null.
    :raises QualityError: naming suite, rule and cause, when any rule cannot be evaluated.
    """
    for name in (schema, table):
        if not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
            raise QualityError(f"suite {suite.name}: expected a table of small letters, digits and _, got {name!r}")
    expectations = {rule.name: _expectation(suite, rule) for rule in suite.rules}
    with _batch(sqlalchemy_url, schema, table, suite) as batch:
        levels = {rule.name: _level(batch, suite, rule) for rule in suite.rules}
        outcomes, statistics = _run(batch, suite, expectations)
        rows = _row_count(batch)
        results = tuple(
            _result(batch, rule, levels[rule.name], expectations[rule.name], outcomes[rule.name], rows, key)
            for rule in suite.rules
        )
    return Validation(
        success=all(result.success for result in results),
        statistics=statistics,
        results=results,
        json=_document(suite, outcomes, statistics),
    )


@cache
def gx_context() -> Any:
    """The process's one data context of Great Expectations, in memory, silent and reporting nothing to anyone."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)

    with warnings.catch_warnings():
        # it imports pyspark where that is, which warns of each release of pandas that is newer than itself
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        import great_expectations
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )
    from great_expectations.expectations import UnexpectedRowsExpectation as Original

    # The original also runs its query without a limit, which brings every failing row into this process.
    # A class of the same name takes its place in Great Expectations' registry.
    class UnexpectedRowsExpectation(Original):
        metric_dependencies = ("unexpected_rows_query.row_count",)

        def _validate(self, metrics: dict, runtime_configuration: Any = None, execution_engine: Any = None) -> dict:
            count = metrics["unexpected_rows_query.row_count"]
            return {"success": count == 0, "result": {"observed_value": count}}

    return great_expectations.get_context(
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        ),
        mode="ephemeral",
    )


def _is_lost_connection(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, is a lost or refused connection."""
    while error is not None:
        if type(error).__name__ in ("OperationalError", "InterfaceError"):
            return True
        error = error.__cause__ or error.__context__
    return False


@contextmanager
def _batch(sqlalchemy_url: str, schema: str, table: str, suite: Suite) -> Iterator[Any]:
    context = gx_context()
    name = f"{schema}.{table}"
    engines = []
    try:
        source = context.data_sources.add_postgres(
            name,
            connection_string=sqlalchemy_url,
            kwargs={"connect_args": {"options": "-c timezone=UTC", "application_name": "crm-autopilot quality"}},
        )
        engines.append(source.get_engine())
        asset = source.add_table_asset(table, table_name=table, schema_name=schema)
        batch = asset.add_batch_definition_whole_table(table).get_batch()
        engines.append(batch.data.execution_engine.engine)
        yield batch
    except QualityError:
        raise
    except Exception as error:
        # Great Expectations raises a dozen kinds here: no connection, no table, no right to read it.
        what = f"suite {suite.name}: {name} cannot be validated: {_first_line(error)}"
        raise (WarehouseAwayError if _is_lost_connection(error) else QualityError)(what) from error
    finally:
        for engine in engines:
            engine.dispose()
        if name in context.data_sources.all():
            context.data_sources.delete(name)


def _expectation(suite: Suite, rule: Rule) -> Any:
    gx_context()
    from great_expectations.compatibility.pydantic import ValidationError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.metadata_types import FailureSeverity

    configuration = ExpectationConfiguration(
        type=rule.expectation,
        kwargs=dict(rule.kwargs),
        meta={**rule.meta, "rule": rule.name},
        description=rule.description,
        severity=FailureSeverity(rule.severity),
    )
    try:
        return configuration.to_domain_obj()
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
        raise _rule_error(suite, rule, wrong) from error
    except Exception as error:  # such as a row_condition that does not parse; they have no common base
        raise _rule_error(suite, rule, error) from error


def _level(batch: Any, suite: Suite, rule: Rule) -> Literal["row", "table"]:
    if rule.scope != "query":
        return rule.scope
    import sqlalchemy as sa

    try:
        with batch.data.execution_engine.engine.connect() as connection:
            columns = connection.execute(sa.select(sa.text("*")).select_from(_query(batch, rule)).limit(0)).keys()
    except Exception as error:
        raise _rule_error(suite, rule, error) from error
    return "row" if ROW_NUMBER in columns else "table"


def _query(batch: Any, rule: Rule) -> Any:
    import sqlalchemy as sa
    from great_expectations.expectations.metrics.query_metric_provider import QueryMetricProvider

    # Private, but how {batch} is put in (with an alias of its own, unless the query joins) has no public name.
    query = QueryMetricProvider._get_substituted_batch_subquery_from_query_and_batch_selectable(
        query=rule.kwargs["unexpected_rows_query"].rstrip("; \t\r\n"),
        batch_selectable=batch.data.selectable,
        execution_engine=batch.data.execution_engine,
    )
    return sa.text(f"({query}) as failing")


def _run(batch: Any, suite: Suite, expectations: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    from great_expectations import ExpectationSuite

    run = batch.validate(
        ExpectationSuite(suite.name, expectations=list(expectations.values())), result_format=dict(_RESULT_FORMAT)
    )
    outcomes = {result.expectation_config.meta["rule"]: result for result in run.results}
    broken = [rule for rule in suite.rules if rule.name not in outcomes or _exception(outcomes[rule.name])]
    # Rules share one query, so a broken rule breaks its neighbours: alone, only the broken one still fails.
    for rule in broken:
        alone = batch.validate(expectations[rule.name], result_format=dict(_RESULT_FORMAT))
        if cause := _exception(alone):
            raise _rule_error(suite, rule, cause)
    if broken:
        raise QualityError(f"suite {suite.name}: the rules fail together, each alone does not: run the task again")
    return outcomes, dict(run.statistics)


def _exception(result: Any) -> str | None:
    # One flat record, or one for each figure that could not be computed.
    info = result.exception_info or {}
    for record in [info] if "raised_exception" in info else info.values():
        if record["raised_exception"]:
            return record["exception_message"]
    return None


def _row_count(batch: Any) -> int:
    import sqlalchemy as sa

    with batch.data.execution_engine.engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(batch.data.selectable)).scalar_one()


def _result(
    batch: Any,
    rule: Rule,
    level: Literal["row", "table"],
    expectation: Any,
    outcome: Any,
    rows: int,
    key: Sequence[str],
) -> RuleResult:
    found = outcome.result
    evaluated, unexpected = rows, 0
    if rule.scope == "row":
        evaluated = (found["element_count"] or 0) - (found.get("missing_count") or 0)
        unexpected = found["unexpected_count"] or 0
    elif level == "row":
        unexpected = found["observed_value"]
    observed = _observed(rule, found) if level == "table" else None
    return RuleResult(
        rule=rule.name,
        expectation=rule.expectation,
        column=rule.column,
        severity=rule.severity,
        level=level,
        success=bool(outcome.success),
        evaluated=evaluated,
        unexpected=unexpected,
        observed=None if observed is None else str(observed),
        failing_rows_sql=_failing_rows_sql(batch, rule, expectation, key)
        if level == "row" and not outcome.success
        else None,
    )


def _failing_rows_sql(batch: Any, rule: Rule, expectation: Any, key: Sequence[str]) -> str:
    import sqlalchemy as sa

    columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in key]
    if rule.scope == "query":
        number: sa.ColumnClause[int] = sa.column(ROW_NUMBER)
        failing = sa.select(number).select_from(_query(batch, rule))
        return _literal(batch, sa.select(*columns).select_from(batch.data.selectable).where(number.in_(failing)))
    condition, records = _condition(batch, expectation)
    if expectation.map_metric == "column_values.unique":
        # Its condition speaks of a list of values and counts, in which there are no rows.
        column: sa.ColumnClause[Any] = sa.column(rule.kwargs["column"])
        repeated = sa.select(column).select_from(records).group_by(column).having(sa.func.count() > 1)
        return _literal(batch, sa.select(*columns).select_from(records).where(column.in_(repeated)))
    query = sa.select(*columns).where(condition)
    if expectation.map_metric != "compound_columns.unique":  # its condition brings the table along
        query = query.select_from(records)
    return _literal(batch, query)


def _condition(batch: Any, expectation: Any) -> tuple[Any, Any]:
    """What makes a row fail, and the rows to look at (a ``row_condition`` leaves some out), as Great Expectations
    counted them."""
    from great_expectations.util import get_sqlalchemy_selectable
    from great_expectations.validator.metric_configuration import MetricConfiguration
    from great_expectations.validator.metrics_calculator import MetricsCalculator

    engine = batch.data.execution_engine
    needed = expectation.get_validation_dependencies(
        execution_engine=engine, runtime_configuration={"result_format": dict(_RESULT_FORMAT)}
    )
    count = needed.metric_configurations[f"{expectation.map_metric}.unexpected_count"]
    metric = MetricConfiguration(
        f"{expectation.map_metric}.condition", count.metric_domain_kwargs, count.metric_value_kwargs
    )
    condition, domain, accessors = MetricsCalculator(engine).get_metric(metric)
    return condition, get_sqlalchemy_selectable(engine.get_domain_records({**domain, **accessors}))


def _literal(batch: Any, query: Any) -> str:
    """The statement as the driver would send it, values written in."""
    engine = batch.data.execution_engine.engine
    compiled = query.compile(engine, compile_kwargs={"render_postcompile": True})
    connection = engine.raw_connection()
    try:
        with connection.cursor() as cursor:
            return cursor.mogrify(str(compiled), compiled.params).decode()
    finally:
        connection.close()


def _observed(rule: Rule, found: dict[str, Any]) -> Any:
    """The observed figure, unless it might be a value out of a row: numbers, and the days and instants of a column's
    ends, say nothing of a person; texts and lists of values may."""
    value = found.get("observed_value")
    if rule.expectation in _ABOUT_COLUMNS or isinstance(value, (int, float)):
        return value
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return str(value)


def _document(suite: Suite, outcomes: dict[str, Any], statistics: dict[str, Any]) -> dict[str, Any]:
    from great_expectations import __version__

    results = []
    for rule in suite.rules:
        whole = outcomes[rule.name].to_json_dict()
        found = {key: whole["result"][key] for key in _COUNTS if key in whole["result"]}
        if (observed := _observed(rule, whole["result"])) is not None:
            found["observed_value"] = observed
        if rule.expectation in _ABOUT_COLUMNS and "details" in whole["result"]:
            found["details"] = whole["result"]["details"]
        configuration = whole["expectation_config"]
        configuration["kwargs"].pop("batch_id", None)
        results.append({"success": bool(whole["success"]), "expectation_config": configuration, "result": found})
    return {
        "success": all(result["success"] for result in results),
        "suite_name": suite.name,
        "statistics": statistics,
        "results": results,
        "meta": {"great_expectations_version": __version__},
    }


def _rule_error(suite: Suite, rule: Rule, cause: object) -> QualityError:
    return QualityError(f"suite {suite.name}, rule {rule.name} ({rule.expectation}): {_first_line(cause)}")


def _first_line(cause: object) -> str:
    # The lines after the first repeat the whole statement.
    return str(cause).strip().split("\n", 1)[0]
