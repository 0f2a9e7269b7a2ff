"""The suite of a skeleton: rules for the columns that were mapped, as the suites of the project have them."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from include.sources.config import Feeds
from include.sources.skeleton.columns import COLUMNS, NEEDED, Mapped

Rule = dict[str, Any]

_EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s.]+$"
# column → regular expression, severity
_PATTERNS = {
    "email": (_EMAIL, "critical"),
    "customer_email": (_EMAIL, "critical"),
    "currency": ("^[A-Z]{3}$", "critical"),
    "phone": ("[0-9].*[0-9].*[0-9]", "warning"),
    "domain": (r"^[^\s/@]+\.[^\s/@]+$", "warning"),
}
_FROM_ZERO = ("amount", "annual_revenue", "employees", "list_price", "unit_price")
_EARLIEST = "1990-01-01"
_SINCE_THEN = ("created_at", "event_at", "occurred_at", "rated_at", "ordered_at")
# The columns by which people look for a record.
_WANTED = ("name", "full_name", "email", "subject", "occurred_at", "event_at", "rated_at", "ordered_at")


def suite(name: str, feeds: Feeds, mapped: Sequence[Mapped], records: int) -> str:
    """The suite as Great Expectations' JSON.

    :param records: how many records the sample has: what none of them lacks must be there.
    """
    return json.dumps({"name": name, "expectations": list(_rules(feeds, mapped, records))}, indent=2) + "\n"


def _rules(feeds: Feeds, mapped: Sequence[Mapped], records: int) -> Iterator[Rule]:
    yield _rule("source_id", "not_be_null", "critical")
    filled = {one.column: one for one in mapped}
    for column in COLUMNS[feeds]:
        one = filled.get(column)
        if column in NEEDED[feeds]:
            yield _rule(column, "not_be_null", "critical")
        elif column in _WANTED and one:
            is_everywhere = all(field.records == records for field in one.fields)
            yield _rule(column, "not_be_null", "critical" if is_everywhere and column != "email" else "warning")
        if one:
            yield from _value_rules(one)


def _value_rules(one: Mapped) -> Iterator[Rule]:
    column, spec = one.column, one.spec
    if column in _PATTERNS:
        regex, severity = _PATTERNS[column]
        yield _rule(column, "match_regex", severity, regex=regex)
    if column in _FROM_ZERO:
        yield _rule(column, "be_between", "critical", min_value=0)
    if column == "probability":
        yield _rule(column, "be_between", "critical", min_value=0, max_value=1)
    if column in _SINCE_THEN:
        yield _rule(column, "be_between", "critical", min_value=_EARLIEST)
    if spec.only:
        yield _rule(column, "be_in_set", "warning" if one.doubt else "critical", value_set=list(spec.only))


def _rule(column: str, check: str, severity: str, **kwargs: Any) -> Rule:
    return {
        "type": f"expect_column_values_to_{check}",
        "kwargs": {"column": column, **kwargs},
        "severity": severity,
    }
