"""Sources: up to when each is known, what it brought, how its records changed in shape, what it may still be asked."""

from datetime import timedelta

from starlette.responses import Response

from include.pages.app import ROWS, Page, Refused, Visit, now
from include.sources.config import load_sources

READ = "build_core"


def list_sources(visit: Visit) -> Response:
    at, defined = now(), load_sources()
    taken = {row["budget"]: row for row in visit.rows("source_budgets", now=at)}
    found = visit.rows(
        "sources", sources=list(defined), week_ago=at - timedelta(days=7), month_ago=at - timedelta(days=30)
    )
    sources = []
    for row in found:
        source = defined[row["source"]]
        if source.enabled or row["loaded_at"]:
            budget = source.budget and taken.get(source.budget.pool or source.name, {"taken": 0, "free_at": None})
            sources.append(row | {"definition": source, "budget": budget})
    off = sorted(name for name in defined if name not in {row["source"] for row in sources})
    return visit.show("sources", sources=sources, off=off, now=at)


def show_source(visit: Visit) -> Response:
    name = visit.path["source"]
    source = load_sources().get(name)
    if not source:
        raise Refused(404, "There is no such source in include/config/sources.")
    found = visit.rows("loads", source=name, before=visit.number_asked("before"), most=ROWS + 1)
    loads = found[:ROWS]
    return visit.show(
        "source", source=source, entities=visit.rows("source_entities", source=name),
        drift=visit.rows("source_drift", source=name, most=ROWS), loads=loads,
        before=loads[-1]["load_id"] if len(found) > ROWS else None,
    )  # fmt: skip


PAGES = (
    Page("/sources", list_sources, READ),
    Page("/sources/{source}", show_source, READ),
)
