"""Quality: what the rules said of each table, lately and before, and the rows that wait in quarantine."""

from itertools import groupby
from typing import Any

from starlette.responses import Response

from include.pages.app import DOCS_POLICY, ROWS, Page, Refused, Visit, inside
from include.pages.words import trend
from include.quality.quarantine import dismiss, dismiss_rule
from include.settings import EXPECTATIONS

REPLAY = "replay_quarantine"
RUNS = 20  # of a suite, that the trend shows
STATES = ("open", "dismissed", "replayed")


def list_suites(visit: Visit) -> Response:
    runs = visit.rows("quality_runs", suites=_suites(), most=RUNS)
    suites = []
    for name, several in groupby(runs, lambda run: run["suite"]):
        of_suite = list(several)
        suites.append({"name": name, "latest": of_suite[0], "bars": _bars(of_suite, "broken")})
    suites.sort(key=lambda suite: (suite["latest"]["rules"] == suite["latest"]["met"], suite["name"]))
    return visit.show(
        "quality", suites=suites, waiting=visit.rows("quarantine_rules"), may_change=visit.may_run(REPLAY),
        has_docs=inside(visit.around.data_docs, "index.html") is not None,
    )  # fmt: skip


def show_suite(visit: Visit) -> Response:
    name = visit.path["suite"]
    runs = visit.rows("quality_runs", suites=[name] if name in _suites() else [], most=RUNS)
    if not runs:
        raise Refused(404, "There is no such suite in expectations/, or it has not run yet.")
    rules = []
    for _, several in groupby(visit.rows("quality_rules", suite=name, most=RUNS), lambda rule: rule["rule"]):
        of_rule = list(several)
        if of_rule[0]["validation_id"] == runs[0]["validation_id"]:
            rules.append({"latest": of_rule[0], "bars": _bars(of_rule, "unexpected")})
    docs = f"expectations/{name}.html"
    return visit.show(
        "suite", name=name, runs=runs, rules=rules, docs=docs if inside(visit.around.data_docs, docs) else None
    )


def show_docs(visit: Visit) -> Response:
    return visit.file(visit.around.data_docs, visit.path["path"], policy=DOCS_POLICY)


def list_quarantine(visit: Visit) -> Response:
    state = visit.asked("state", STATES) or "open"
    kept = {name: visit.asked(name) for name in ("source", "entity", "rule")}
    found = visit.rows("quarantine", state=state, before=visit.number_asked("before"), most=ROWS + 1, **kept)
    waiting = found[:ROWS]
    return visit.show(
        "quarantine", state=state, states=STATES, kept=kept, rows=waiting,
        before=waiting[-1]["quarantine_id"] if len(found) > ROWS else None, may_change=visit.may_run(REPLAY),
    )  # fmt: skip


def dismiss_rows(visit: Visit) -> Response:
    why = visit.sent("reason", "The reason")
    kept = {name: visit.sent(name) for name in ("source", "entity", "rule")}
    if visit.sent("all"):
        if not all(kept.values()):
            raise Refused(400, "All rows at once are dismissed of one source, entity and rule only.")
        dismiss_rule(visit.connection, **kept, by=visit.visitor.name, why=why)
    else:
        dismiss(visit.connection, visit.numbers_sent(), visit.visitor.name, why)
    return visit.go("quality/quarantine", **{n: v for n, v in kept.items() if v}, done="dismiss")


def replay_rows(visit: Visit) -> Response:
    conf = {"source": visit.sent("source", "The source"), "entity": visit.sent("entity")}
    visit.around.trigger(visit.visitor, REPLAY, conf)
    return visit.go("quality", done="replay")


def _suites() -> list[str]:
    return sorted(path.stem for path in EXPECTATIONS.glob("*.json"))


def _bars(runs: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """One bar a run, from the earliest to the latest: its height out of 24, and whether what it stands for is bad."""
    in_order = runs[::-1]
    heights = trend([run[name] for run in in_order], 24)
    return [
        {"height": height, "is_bad": not run["is_success"], "count": run[name]}
        for height, run in zip(heights, in_order, strict=True)
    ]


PAGES = (
    Page("/quality", list_suites, REPLAY),
    Page("/quality/tables/{suite}", show_suite, REPLAY),
    Page("/quality/docs/{path:path}", show_docs, REPLAY),
    Page("/quality/quarantine", list_quarantine, REPLAY),
    Page("/quality/dismiss", dismiss_rows, REPLAY, "run"),
    Page("/quality/replay", replay_rows, REPLAY, "run"),
)
