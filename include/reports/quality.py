"""How complete the sources' records of customers are: each field of each source, now and over time."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from include.customers.kinds import ORGANISATION, PERSON, Kind
from include.reports.blocks import per_day_lines, ranking
from include.reports.frame import Frame
from include.reports.language import N_, _, _c
from include.reports.model import Block, Column, Sentence
from include.reports.reader import Reader, Row
from include.reports.words import day

# how each field of a person or a company is called
NAMES = {
    "full_name": N_("name"), "given_name": N_("first name"), "family_name": N_("last name"),
    "birth_date": N_("date of birth"), "email": N_("e-mail"), "phone": N_("telephone"), "job_title": N_("job"),
    "company_name": N_("company’s name"), "website": N_("web site"), "house_number": N_("house number"),
    "street": N_("street"), "unit": N_("unit"), "postcode": N_("postal code"), "city": N_("city"),
    "state": N_("state"), "country": N_("country"), "language": N_("language"), "company_record": N_("company"),
    "lifecycle_stage": N_("stage"), "domain": N_("web domain"), "industry": N_("industry"),
    "employees": N_("employees"), "annual_revenue": N_("revenue"), "parent_name": N_("parent company"),
}  # fmt: skip
KINDS = ((N_("people"), PERSON), (N_("companies"), ORGANISATION))

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
            _of_kind(frame, _(people), kind, lines[kind.name])
            if lines[kind.name]
            else [
                Sentence(
                    _(
                        "No source had records of {people} on a day from {first} to {last}.",
                        people=_(people),
                        first=day(first),
                        last=day(last),
                    )
                )
            ]
        )
    ]


def _of_kind(frame: Frame, people: str, kind: Kind, lines: Lines) -> list[Block]:
    sources = sorted({source for source, field in lines})
    fields = [field for field in kind.fields if any((source, field) in lines for source in sources)]
    newest = max(day_on for line in lines.values() for day_on in line)
    picture = per_day_lines(
        frame,
        _("Completeness of each field, by source: {people}", people=people),
        [_named(field) for field in fields],
        sources,
        [
            [{on: row["completeness"] for on, row in lines.get((source, field), {}).items()} for source in sources]
            for field in fields
        ],
        "field_completeness",
    )
    columns = [
        Column(_("Field")),
        Column(_("Source")),
        Column(_("Records"), "count"),
        Column(_("Filled"), "count", "filled"),
        Column(_("Valid"), "count", "valid"),
        Column(_("Distinct"), "count", "distinct_values"),
        Column(_("Changed"), "count", "changed_values"),
        Column(_("Completeness"), "share", "field_completeness"),
        Column(_("Before"), "share"),
    ]
    rows = [
        _row(frame, field, source, lines[source, field])
        for field in fields
        for source in sources
        if (source, field) in lines
    ]
    caption = _(
        "Fields of {people} at the end of {day}; before is at the start of the pictures’ days",
        people=people, day=day(newest),
    )  # fmt: skip
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
    if field == "name":
        return _c("company", "name")
    return _(NAMES[field]) if field in NAMES else field.replace("_", " ")
