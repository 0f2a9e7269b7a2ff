"""What is missing or doubtful in a report's window: days without data, records of another shape, rows in quarantine,
figures of few cases."""

from itertools import groupby

from include.reports.frame import Frame
from include.reports.language import N_, _, _n
from include.reports.reader import Reader, Row
from include.reports.words import days_between, listed, name, number

FEW = 10
SPANS_NAMED = 3
FIELDS_NAMED = 5


def of_sources(reader: Reader, frame: Frame) -> list[str]:
    """A sentence for each source with failed or missing days, each kind of record whose fields changed, and one for the
    rows in quarantine."""
    said = []
    days = reader.rows("sources_days")
    for (source, state), rows in groupby(days, key=lambda row: (row["source"], row["state"])):
        said.append(_days_without(source, state, list(rows), frame))
    for (source, entity), rows in groupby(reader.rows("sources_drift"), key=lambda row: (row["source"], row["entity"])):
        said.append(_fields_changed(source, entity, list(rows)))
    waiting = reader.rows("sources_quarantine")
    if waiting:
        total = sum(row["quarantined"] for row in waiting)
        parts = [
            _(
                "{rows} of {source} ({entity})",
                rows=number(row["quarantined"]),
                source=name(row["source"]),
                entity=name(row["entity"]),
            )
            for row in waiting
        ]
        said.append(
            _n(
                "{n} row that came in this window waits in quarantine and is in no figure here: {parts}.",
                "{n} rows that came in this window wait in quarantine and are in no figure here: {parts}.",
                total,
                parts=listed(parts),
            )
        )
    return said


def of_few(count: int, figure: str, cases: str) -> list[str]:
    """A sentence when a figure rests on fewer than ten cases (and on any at all).

    :param figure: as it is said after "the".
    :param cases: the count and what is counted, ``3 deals``.
    """
    return [_("The {figure} rests on {cases} only.", figure=figure, cases=cases)] if 0 < count < FEW else []


def _fields_changed(source: str, entity: str, rows: list[Row]) -> str:
    told = []
    for kind, one, many in (
        ("gone", N_("{fields} is gone"), N_("{fields} are gone")),
        ("new", N_("{fields} is new"), N_("{fields} are new")),
    ):
        if fields := [name(row["path"]) for row in rows if row["kind"] == kind]:
            told.append(_(one if len(fields) == 1 else many, fields=_some(fields)))
    if retyped := [
        _(
            "{field} ({before}, now {now})",
            field=name(row["path"]),
            before=listed(row["types_before"]),
            now=listed(row["types_now"]),
        )
        for row in rows
        if row["kind"] == "retyped"
    ]:
        told.append(
            _n("{fields} is of another type", "{fields} are of another type", len(retyped), fields=_some(retyped))
        )
    return _(
        "The records of {source} ({entity}) changed in this window: {changes}.",
        source=name(source), entity=name(entity), changes=_("; ").join(told),
    )  # fmt: skip


def _some(items: list[str]) -> str:
    rest = len(items) - FIELDS_NAMED
    return listed(items if rest <= 0 else [*items[:FIELDS_NAMED], _("{n} more", n=number(rest))])


def _days_without(source: str, state: str, rows: list[Row], frame: Frame) -> str:
    if len(rows) == frame.length:
        when = _n("on this day", "on all {n} days", frame.length)
    else:
        spans: list[list] = []
        for row in rows:
            if spans and (row["day_on"] - spans[-1][1]).days == 1:
                spans[-1][1] = row["day_on"]
            else:
                spans.append([row["day_on"], row["day_on"]])
        told = [days_between(*span) for span in spans[:SPANS_NAMED]]
        if len(spans) > SPANS_NAMED:
            told.append(_("other days"))
        when = _n(
            "on {days} of {n} day ({which})", "on {days} of {n} days ({which})", frame.length,
            days=number(len(rows)), which=listed(told),
        )  # fmt: skip
    if state == "failed":
        return _(
            "The source {source} failed {when}: what it would have told is not in these figures.",
            source=name(source), when=when,
        )  # fmt: skip
    return _(
        "The source {source} brought nothing {when}: what it would have told is not in these figures.",
        source=name(source), when=when,
    )  # fmt: skip
