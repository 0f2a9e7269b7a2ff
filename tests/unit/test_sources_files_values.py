"""Numbers and dates as the YAML states them, and what the YAML may state."""

import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from include.settings import PROJECT
from include.sources.config import Files, Source
from include.sources.files.values import make_plain, plain_values


def files(**changes: Any) -> Files:
    return Files.model_validate({"pattern": "*.csv", "columns": ["n"], **changes})


def plain(value: str, **changes: Any) -> str | None:
    """The value as it comes out, or its rule id with a cross before it."""
    row: dict[str, Any] = {"n": value, "other": "1.234,5"}
    reason = make_plain(row, plain_values(files(**changes)))
    assert row["other"] == "1.234,5"
    return f"✗{reason}" if reason else row["n"]


GERMAN = {"decimal": ",", "thousands": ".", "numbers": ["n"]}
ENGLISH = {"decimal": ".", "thousands": ",", "numbers": ["n"]}
FRENCH = {"decimal": ",", "thousands": " ", "numbers": ["n"]}
SWISS = {"thousands": "'", "numbers": ["n"]}
BARE = {"decimal": ",", "numbers": ["n"]}


@pytest.mark.parametrize(
    ("stated", "value", "expected"),
    [
        (GERMAN, "1.234,50", "1234.50"),
        (GERMAN, "-12.345.678", "-12345678"),
        (GERMAN, "1234,5", "1234.5"),
        (GERMAN, " +7 ", "+7"),
        (GERMAN, "0,10", "0.10"),
        (GERMAN, "12.5", "✗ambiguous_number"),
        (GERMAN, "1234.567", "✗ambiguous_number"),
        (GERMAN, "1.5e3", "✗ambiguous_number"),
        (BARE, "12,5", "12.5"),
        (BARE, "1.234", "✗ambiguous_number"),
        (BARE, "1.234,5", "1.234,5"),
        (ENGLISH, "1,234.50", "1234.50"),
        (ENGLISH, "12.5", "12.5"),
        (ENGLISH, "1,23", "1,23"),
        (FRENCH, "1\u202f234,5", "1234.5"),
        (FRENCH, "1\u00a0234 567", "1234567"),
        (SWISS, "1'234.5", "1234.5"),
        *[(GERMAN, text, text) for text in ("n/a", "a dozen", "5 pcs", "€ 12,50", "12,", ",", "١٢٣", "1,2,3")],
    ],
)
def test_numbers(stated: dict, value: str, expected: str) -> None:
    assert plain(value, **stated) == expected


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        ("%Y.%m.%d", "2026.03.05", "2026-03-05"),
        ("%d.%m.%Y", "5.3.2026", "2026-03-05"),
        ("%d.%m.%y", "05.03.26", "2026-03-05"),
        ("%m/%d/%Y %H:%M", "03/05/2026 14:30", "2026-03-05T14:30:00"),
        ("%d %b %Y", "05 Mar 2026", "2026-03-05"),
        ("%d.%m.%Y %H:%M:%S %z", "05.03.2026 14:30:00 +0100", "2026-03-05T14:30:00+01:00"),
        ("%d.%m.%Y", "2026-03-05", "2026-03-05"),
        ("%d.%m.%Y", "2026-03-05 14:30:00Z", "2026-03-05 14:30:00Z"),
        ("%d.%m.%Y", "03/04/2026", "✗ambiguous_date"),
        ("%d.%m.%Y", "31.02.2026", "✗ambiguous_date"),
        ("%d.%m.%Y", "05.03.2026 14:30", "✗ambiguous_date"),
        ("%d.%m.%Y", "unknown", "unknown"),
    ],
)
def test_dates(form: str, value: str, expected: str) -> None:
    assert plain(value, dates={"n": form}) == expected


@given(st.decimals(-(10**12), 10**12, places=2))
def test_a_number_written_as_stated_comes_back_exactly(number: Any) -> None:
    german = f"{number:,}".translate(str.maketrans(",.", ".,"))
    assert plain(german, **GERMAN) == f"{number:f}"


@given(st.text())
def test_no_text_is_bent(text: str) -> None:
    """What comes out is what came in, or a number of the same digits."""
    found = plain(text, **GERMAN)
    assert found is not None
    assert (
        found == text or found.startswith("✗") or [c for c in found if c.isdigit()] == [c for c in text if c.isdigit()]
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"columns": []}, "columns: name those that a file must have"),
        ({"format": "jsonl"}, "columns: does not go with format: jsonl"),
        ({"format": "parquet", "delimiter": ";"}, "delimiter: does not go with format: parquet"),
        ({"sheet": "Orders"}, "sheet: does not go with format: csv"),
        ({"decimal": ","}, "numbers: name the columns that hold numbers written like that"),
        ({"decimal": ",", "thousands": ",", "numbers": ["n"]}, "thousands: ',' cannot part thousands"),
        ({"dates": {"n": "%d.%m"}}, "n: '%d.%m' does not tell a day"),
        ({"dates": {"n": "%Q"}}, "n: '%Q' does not tell a day"),
        ({"delimiter": "||"}, "delimiter: one of several characters goes with quote: null only"),
        ({"encoding": "utf-9"}, "no encoding 'utf-9'"),
        ({"pattern": "_orders.csv"}, "is how files are named that are still being written"),
        ({"pattern": "*.csv.part"}, "is how files are named that are still being written"),
        ({"date_pattern": "(a)(b)"}, "needs exactly one group"),
    ],
)
def test_what_does_not_go_together_is_told(given: dict, says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        files(**given)
    assert says in str(caught.value)


def test_the_examples_of_the_documentation_are_good() -> None:
    text = (PROJECT / "docs" / "sources.md").read_text("utf-8")
    section = text.partition("\n### files\n")[2].partition("\n### web\n")[0]
    examples = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)]
    formats = set()
    for example in examples:
        if "entities" in example:
            (entity,) = Source.model_validate(example).entities.values()
            assert entity.files
            formats.add(entity.files.format)
        else:
            formats.add(Files.model_validate(example["files"]).format)
    assert formats == {"csv", "excel", "jsonl", "parquet"}
