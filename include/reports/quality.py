"""How complete the sources' records of customers are: each field of each source, now and over time."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from include.customers.kinds import ORGANISATION, PERSON, Kind
from include.reports.blocks import per_day_lines, ranking
from include.reports.frame import Frame
from include.reports.model import Block, Column, Sentence
from include.reports.reader import Reader, Row
from include.reports.words import day

NAMES = {
    "full_name": "name", "given_name": "first name", "family_name": "last name", "birth_date": "date of birth",
    "email": "e-mail", "phone": "telephone", "job_title": "job", "company_name": "company’s name",
    "website": "web site", "house_number": "house number", "postcode": "postal code", "company_record": "company",
    "lifecycle_stage": "stage", "domain": "web domain", "annual_revenue": "revenue", "parent_name": "parent company",
}  # fmt: skip
KINDS = (("people", PERSON), ("companies", ORGANISATION))

Lines = dict[tuple[str, str], dict[date, Row]]


def quality(reader: Reader, frame: Frame) -> list[Block]:
    """A picture and a table for people and for companies; a sentence where no day is built."""
    lines: dict[str, Lines] = defaultdict(lambda: defaultdict(dict))
    for row in reader.rows("customers_quality"):
        lines[row["kind"]][row["source"], row["field"]][row["day_on"]] = row
    first, last = frame.buckets()[0].first_day, frame.window.last_day
    return [
        block
        for people, kind in KINDS
        for block in (
            _of_kind(frame, people, kind, lines[kind.name])
            if lines[kind.name]
            else [Sentence(f"No source had records of {people} on a day from {day(first)} to {day(last)}.")]
        )
    ]


def _of_kind(frame: Frame, people: str, kind: Kind, lines: Lines) -> list[Block]:
    sources = sorted({source for source, _ in lines})
    fields = [field for field in kind.fields if any((source, field) in lines for source in sources)]
    newest = max(day_on for line in lines.values() for day_on in line)
    picture = per_day_lines(
        frame,
        f"Completeness of each field, by source: {people}",
        [_named(field) for field in fields],
        sources,
        [
            [{on: row["completeness"] for on, row in lines.get((source, field), {}).items()} for source in sources]
            for field in fields
        ],
        "field_completeness",
    )
    columns = [
        Column("Field"),
        Column("Source"),
        Column("Records", "count"),
        Column("Filled", "count", "filled"),
        Column("Valid", "count", "valid"),
        Column("Distinct", "count", "distinct_values"),
        Column("Changed", "count", "changed_values"),
        Column("Completeness", "share", "field_completeness"),
        Column("Before", "share"),
    ]
    rows = [
        _row(frame, field, source, lines[source, field])
        for field in fields
        for source in sources
        if (source, field) in lines
    ]
    caption = f"Fields of {people} at the end of {day(newest)}; before is at the start of the pictures’ days"
    return [picture, ranking(caption, columns, rows)]


def _row(frame: Frame, field: str, source: str, line: dict[date, Row]) -> Sequence[object]:
    now, before = line[max(line)], line[min(line)]
    changed = sum(row["changed"] for on, row in line.items() if on >= frame.window.first_day)
    return [
        _named(field),
        source,
        now["records"],
        now["filled"],
        now["valid"],
        now["distinct_values"],
        changed,
        now["completeness"],
        before["completeness"],
    ]


def _named(field: str) -> str:
    return NAMES.get(field, field.replace("_", " "))
