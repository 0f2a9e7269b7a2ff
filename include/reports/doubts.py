"""What is missing or doubtful in a report's window: days without data, records of another shape, rows in quarantine,
figures of few cases."""

from itertools import groupby

from include.reports.frame import Frame
from include.reports.reader import Reader, Row
from include.reports.words import days_between, listed, name, number, plural

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
        parts = [f"{number(row['quarantined'])} of {name(row['source'])} ({name(row['entity'])})" for row in waiting]
        said.append(
            f"{plural(total, 'row')} that came in this window {'waits' if total == 1 else 'wait'} in quarantine and "
            f"{'is' if total == 1 else 'are'} in no figure here: {listed(parts)}."
        )
    return said


def of_few(count: int, figure: str, case: str, cases: str | None = None) -> list[str]:
    """A sentence when a figure rests on fewer than ten cases (and on any at all)."""
    return [f"The {figure} rests on {plural(count, case, cases)} only."] if 0 < count < FEW else []


def _fields_changed(source: str, entity: str, rows: list[Row]) -> str:
    told = []
    for kind, one, many in (("gone", "is gone", "are gone"), ("new", "is new", "are new")):
        if fields := [name(row["path"]) for row in rows if row["kind"] == kind]:
            told.append(f"{_some(fields)} {one if len(fields) == 1 else many}")
    if retyped := [
        f"{name(row['path'])} ({listed(row['types_before'])}, now {listed(row['types_now'])})"
        for row in rows
        if row["kind"] == "retyped"
    ]:
        told.append(f"{_some(retyped)} {'is' if len(retyped) == 1 else 'are'} of another type")
    return f"The records of {name(source)} ({name(entity)}) changed in this window: {'; '.join(told)}."


def _some(items: list[str]) -> str:
    rest = len(items) - FIELDS_NAMED
    return listed(items if rest <= 0 else [*items[:FIELDS_NAMED], f"{number(rest)} more"])


def _days_without(source: str, state: str, rows: list[Row], frame: Frame) -> str:
    what = "failed" if state == "failed" else "brought nothing"
    if len(rows) == frame.length:
        when = "on this day" if frame.length == 1 else f"on all {frame.length:,} days"
    else:
        spans: list[list] = []
        for row in rows:
            if spans and (row["day_on"] - spans[-1][1]).days == 1:
                spans[-1][1] = row["day_on"]
            else:
                spans.append([row["day_on"], row["day_on"]])
        told = [days_between(*span) for span in spans[:SPANS_NAMED]]
        if len(spans) > SPANS_NAMED:
            told.append("other days")
        when = f"on {number(len(rows))} of {plural(frame.length, 'day')} ({listed(told)})"
    return f"The source {name(source)} {what} {when}: what it would have told is not in these figures."
