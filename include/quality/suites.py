"""Suites of expectations: the files in ``expectations/`` that say what a bad row and a bad table are."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.settings import EXPECTATIONS

Severity = Literal["critical", "warning", "info"]

# "query": the rule is a query of its own; whether its rows can be named is known only once the database has seen it.
Scope = Literal["row", "table", "query"]

# In PostgreSQL these two are answered from the column's type, so no single row fails them.
_TYPE_EXPECTATIONS = {"expect_column_values_to_be_of_type", "expect_column_values_to_be_in_type_list"}

_RULE_NAME = r"[a-z][a-z0-9_]*"

# pydantic's kinds of error in the words of someone who edits the file.
_PLAIN = {
    "dict_type": "expected an object {…}",
    "extra_forbidden": "no such key here",
    "list_type": "expected a list […]",
    "missing": "missing",
    "model_type": "expected an object {…}",
    "too_short": "expected at least one expectation",
}

_JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "object": dict,
    "string": str,
}

# What an expectation's schema lists beside the arguments of the expectation itself.
_NOT_ARGUMENTS = {
    "batch_id",
    "catch_exceptions",
    "description",
    "id",
    "library_metadata",
    "meta",
    "metadata",
    "notes",
    "rendered_content",
    "result_format",
    "severity",
    "windows",
}


class QualityError(Exception):
    """A suite that cannot be read or run; the message says which file or rule, why, and what was expected."""


@dataclass(frozen=True)
class Rule:
    """One expectation of a suite.

    ``name`` is unique in the suite and stays the same while column and expectation do: ``email__match_regex``, or
    what the file says under ``meta.rule``. ``column`` is None where the rule is not about one column.
    """

    name: str
    expectation: str
    kwargs: Mapping[str, Any]
    severity: Severity
    scope: Scope
    column: str | None
    meta: Mapping[str, Any]
    description: str | None = None


@dataclass(frozen=True)
class Suite:
    """The rules of one batch table, ``<source>__<entity>``, in the order of the file."""

    name: str
    path: Path
    rules: tuple[Rule, ...]


class _ExpectationEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    type: str
    kwargs: dict[str, Any] = Field(default_factory=dict)
    meta: dict[str, Any] | None = None
    severity: Severity = "critical"
    description: str | None = None
    notes: str | list[str] | None = None
    id: str | None = None


class _SuiteFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    expectations: list[_ExpectationEntry] = Field(min_length=1)
    meta: dict[str, Any] | None = None
    notes: str | list[str] | None = None
    id: str | None = None


def all_suites(folder: Path = EXPECTATIONS) -> dict[str, Suite]:
    """Every suite of the folder by name, in order of name.

    :raises QualityError: for the first file that is not a suite.
    """
    return {path.stem: load_suite(path) for path in sorted(folder.glob("*.json"))}


def load_suite(path: Path) -> Suite:
    """The suite in a file of Great Expectations' own JSON format; does not import Great Expectations.

    :raises QualityError: naming the file, the key and what was expected there.
    """
    try:
        file = _SuiteFile.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise QualityError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:  # JSON, UTF-8 and pydantic errors are all ValueErrors
        raise QualityError(f"{path}: {_describe(error)}") from error
    if file.name != path.stem:
        raise QualityError(f"{path}: name: expected {path.stem!r}, the file's name, got {file.name!r}")
    rules = tuple(_rule(path, number, entry) for number, entry in enumerate(file.expectations))
    for name, count in Counter(rule.name for rule in rules).items():
        if count > 1:
            raise QualityError(
                f'{path}: {count} rules are called {name!r}: name them apart, as in "meta": {{"rule": "…"}}'
            )
    return Suite(file.name, path, rules)


def _rule(path: Path, number: int, entry: _ExpectationEntry) -> Rule:
    where = f"{path}: expectations[{number}]"
    schema = _catalogue().get(entry.type)
    if schema is None:
        close = get_close_matches(entry.type, _catalogue(), n=1)
        raise QualityError(
            f"{where}.type: expected an expectation that Great Expectations has for PostgreSQL, got {entry.type!r}"
            + (f"; did you mean {close[0]!r}?" if close else "")
        )
    _check_arguments(where, schema, entry.kwargs)
    if entry.type == "unexpected_rows_expectation" and "{batch}" not in entry.kwargs["unexpected_rows_query"]:
        raise QualityError(f"{where}.kwargs.unexpected_rows_query: expected {{batch}} where the query names its table")
    meta = entry.meta or {}
    name = meta.get("rule") or _default_name(entry)
    if not isinstance(name, str) or not re.fullmatch(_RULE_NAME, name):
        raise QualityError(f"{where}.meta.rule: expected a name of small letters, digits and underscores, got {name!r}")
    column = entry.kwargs.get("column")
    return Rule(name, entry.type, entry.kwargs, entry.severity, _scope(entry.type), column, meta, entry.description)


def _check_arguments(where: str, schema: dict[str, Any], kwargs: dict[str, Any]) -> None:
    known = set(schema["properties"]) - _NOT_ARGUMENTS
    for key in kwargs:
        if key not in known:
            raise QualityError(f"{where}.kwargs.{key}: no such argument, expected one of {', '.join(sorted(known))}")
    for key in schema.get("required", []):
        if key not in kwargs:
            raise QualityError(f"{where}.kwargs.{key}: missing, {schema['title']!r} needs it")
    for key, value in kwargs.items():
        # Only the outermost type: inside lists and bounds the schemas are narrower than Great Expectations itself,
        # whose own check of the whole value comes with the run.
        types = _types(schema["properties"][key], schema.get("definitions", {}))
        if types and not any(isinstance(value, _JSON_TYPES[kind]) for kind in types):
            raise QualityError(f"{where}.kwargs.{key}: expected {' or '.join(sorted(types))}, got {value!r}")


def _types(schema: dict[str, Any], definitions: dict[str, Any]) -> set[str]:
    if "$ref" in schema:
        return _types(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    if "type" in schema:
        return {schema["type"]}
    # A bare object stands for a parameter filled in at run time, which nothing here would fill in.
    parts = [part for key in ("anyOf", "oneOf", "allOf") for part in schema.get(key, []) if part != {"type": "object"}]
    return {kind for part in parts for kind in _types(part, definitions)}


def _scope(expectation: str) -> Scope:
    if expectation == "unexpected_rows_expectation":
        return "query"
    return "row" if _kind(expectation).endswith("Map") and expectation not in _TYPE_EXPECTATIONS else "table"


def _kind(expectation: str) -> str:
    return _catalogue()[expectation]["properties"]["metadata"]["properties"]["domain_type"]["description"]


def _default_name(entry: _ExpectationEntry) -> str:
    kwargs = entry.kwargs
    columns = [kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs]
    if _kind(entry.type) == "Multicolumn Map":
        columns = kwargs["column_list"]
    subject = "_".join(columns) or "table"
    check = re.sub(
        r"^expect_(column_pair|select_column|compound_columns|multicolumn|column|table)?_?(values?_)?(to_)?",
        "",
        entry.type,
    )
    return re.sub(r"\W", "_", f"{subject}__{check}".lower())


@cache
def _catalogue() -> dict[str, dict[str, Any]]:
    # The package carries a JSON schema of each expectation: reading those takes milliseconds, importing it seconds.
    package = find_spec("great_expectations")
    if package is None or package.origin is None:
        raise QualityError("great-expectations is not installed: run ./crm up once more")
    catalogue = {}
    for path in sorted((Path(package.origin).parent / "expectations/core/schemas").glob("*Expect*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        about = schema["properties"]["metadata"]["properties"]
        if "PostgreSQL" in about["supported_data_sources"]["const"]:
            catalogue[about["expectation_type"]["const"]] = schema
    return catalogue


def _describe(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: not JSON: {error.msg}"
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
        return (
            f"{key or 'the file'}: {_PLAIN.get(first['type']) or first['msg'].replace('Input should be', 'expected')}"
        )
    return str(error)
