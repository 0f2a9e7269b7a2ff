"""Whether the records of a source fit its staging statement, its staging table and its suite."""

from collections.abc import Iterator
from typing import Any

import psycopg

from include.check.step import Step, count_of
from include.quality.expectations import RuleResult
from include.quality.suites import QualityError
from include.sources.config import Entity, Source
from include.sources.fields import value_at
from include.sources.page import Page
from include.sources.yaml_lines import shown
from include.warehouse.connection import Warehouse
from include.warehouse.staging import StagingError
from include.warehouse.trial import Misfit, Trial, rule_columns_missing, try_records
from include.window import Window

# The share of a column's values that may be of another type without anything being wrong with the definition.
FEW = 0.1


def try_page(warehouse: Warehouse, source: Source, entity: Entity, window: Window, page: Page | None) -> Iterator[Step]:
    """Whether statement and suite fit the table, and the records fit them."""
    statement = f"sql/staging/{source.name}__{entity.name}.sql"
    suite = f"expectations/{source.name}__{entity.name}.json"
    try:
        if missing := rule_columns_missing(warehouse, source, entity):
            says = f"{suite} has rules for {', '.join(missing)}, which staging.{entity.feeds} does not have"
            yield Step(f"{entity.name}: suite", False, says, "Correct the names of the columns.")
            return
        trial = try_records(warehouse, source, entity, window, [page] if page else [])
    except (StagingError, QualityError) as error:
        where = "statement" if isinstance(error, StagingError) else "suite"
        yield Step(f"{entity.name}: {where}", False, str(error), "Correct the file.")
        return
    except psycopg.Error as error:
        yield Step(f"{entity.name}: statement", False, str(error).splitlines()[0], f"Correct {statement}.")
        return
    says = f"{statement} gives {count_of(len(trial.columns), 'column')} of staging.{entity.feeds}"
    yield Step(f"{entity.name}: statement", True, says if page else f"{says}; there is no record to try it on")
    if trial.unreadable:
        reasons = ", ".join(f"{reason} ({count:,})" for reason, count in sorted(trial.unreadable.items()))
        says = f"records that raw cannot hold: {reasons}"
        yield Step(f"{entity.name}: records", False, says, "Check id: and version_at: in the YAML.")
    if page and trial.readable:
        yield from _types(entity, page, trial, statement)
        yield from _rules(entity, trial, suite)


def _types(entity: Entity, page: Page, trial: Trial, statement: str) -> Iterator[Step]:
    for misfit in trial.misfits:
        says = f"{_what(misfit)} in {misfit.records:,} of {count_of(misfit.values, 'record')}"
        says += _such_as(misfit, entity, page)
        do = f"Read it another way in {statement}; as it is, these records go to quarantine."
        # some wrong values are the source's own; many are read the wrong way
        yield Step(f"{entity.name}: types", misfit.records <= misfit.values * FEW, says, do)
    if not trial.misfits:
        yield Step(
            f"{entity.name}: types",
            True,
            f"{count_of(trial.readable, 'record fits', 'records fit')} staging.{entity.feeds}",
        )
    if trial.empty:
        says = f"null in every record: {', '.join(trial.empty)}"
        yield Step(f"{entity.name}: columns", True, says, f"Check their fields in {statement}; one may be misspelt.")


def _what(misfit: Misfit) -> str:
    column, separator, kind = misfit.rule.partition("__is_")
    return f"{column} is no {kind}" if separator else misfit.rule.replace("__", ": ").replace("_", " ")


def _such_as(misfit: Misfit, entity: Entity, page: Page) -> str:
    """The first examples, with the field of the record that has the value."""
    paths = [entity.id] if isinstance(entity.id, str) else list(entity.id)
    rows = {"/".join(str(value_at(row, path)) for path in paths): row for row in page.rows}
    said = []
    for key, value in misfit.examples:
        places = list(_places(rows.get(key), value)) if value else []
        where = f"{shown(places[0])} " if places else ""
        said.append(f"{where}{shown(value, 60)!r} in {shown(key, 40)}" if value else shown(key, 40))
    return f": {', '.join(said)}"


def _places(value: Any, text: str, path: str = "") -> Iterator[str]:
    """The paths in a record at which a value is written as a text."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _places(inner, text, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _places(inner, text, f"{path}.{number}")
    elif str(value)[:200] == text:
        yield path


def _rules(entity: Entity, trial: Trial, suite: str) -> Iterator[Step]:
    broken = [rule for rule in trial.rules if not rule.success]
    for rule in broken:
        yield _rule_step(entity, rule, suite)
    if trial.rules and not broken:
        yield Step(f"{entity.name}: rules", True, f"every rule of {suite} holds")


def _rule_step(entity: Entity, rule: RuleResult, suite: str) -> Step:
    name = f"{entity.name}: rules"
    if rule.level == "table":
        says = f"{rule.rule} ({rule.severity}) does not hold: saw {rule.observed}"
        return Step(name, rule.severity != "critical", says, f"Look at what the source sends, and at {suite}.")
    says = f"{rule.rule} ({rule.severity}) is broken by {rule.unexpected:,} of {count_of(rule.evaluated, 'record')}"
    if rule.severity != "critical":
        return Step(name, True, says, "They are staged; the validation's result notes it.")
    if rule.unexpected >= rule.evaluated:
        return Step(name, False, says, f"No record would be staged: look at the column's field, and at {suite}.")
    return Step(name, True, says, "They go to quarantine: look whether the rule or the source is wrong.")
