"""``./crm demo``: a made-up company's history loaded, three days run by the scheduler, the reports rendered."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from rich.console import Console

from include.ingest import Counts, land_source, publish_day, stage_source
from include.local import airflow, services
from include.local.errors import ServiceError
from include.settings import REPORTS, STATE, TIMEZONE
from include.sources import SourceConnection
from include.sources.config import Source, load_sources
from include.warehouse.connection import Warehouse
from include.warehouse.core import build_core
from include.warehouse.marts import STATEMENTS, build_marts, settle_marts
from include.window import Window

DAYS = 3
HISTORY_MONTHS = 18
DOWNSTREAM = ("build_core", "track_sales", "track_service", "track_customers", "render_reports")
FINISHED = ("success", "failed")
STALLED_SECONDS = 240
MONTH_DAYS = 30


@dataclass(frozen=True)
class Runs:
    """DAG runs that have ended."""

    succeeded: int
    failed: int


class Teller:
    """Says on the terminal what is going on, with the seconds since the start."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False)
        self.started = time.monotonic()

    def __call__(self, line: str) -> None:
        self.console.print(f"[dim]{time.monotonic() - self.started:5.0f} s[/]  {line}")


def run(*, serve: bool, as_json: bool) -> int:
    """Run the demo; returns the exit status: 1 when a run failed."""
    tell = Teller()
    start = sandbox_start()
    tell("starting PostgreSQL, Airflow and the sandbox company")
    running = services.up(sandbox=True, sandbox_arguments=["--start", str(start), "--rate-limit", "190"], tell=tell)
    try:
        warehouse = services.warehouse()
        sources = [source for source in load_sources().values() if source.enabled]
        today = datetime.now(TIMEZONE).date()
        days = [today - timedelta(days=n) for n in range(DAYS, 0, -1)]
        history = Window.between(start, days[0] - timedelta(days=1))
        load_history(warehouse, sources, sandbox_connections(running), history, tell)
        runs = run_days(warehouse, running.env, [source.name for source in sources], days, tell)
        tell("marts: days that late facts changed")
        for subject in STATEMENTS:
            settle_marts(warehouse, subject)
        month = Window.between(today - timedelta(days=MONTH_DAYS), days[-1])
        tell(f"reports for {month}")
        render_reports(warehouse, month, [source.name for source in sources])
        seconds = time.monotonic() - tell.started
        summary = summarise(warehouse, runs, seconds)
        show(tell.console, warehouse, summary, running, serve)
        if as_json:
            print(json.dumps(summary), flush=True)
        if serve:
            tell.console.print("Serving until Ctrl-C.")
            running.wait()
        return 1 if runs.failed else 0
    finally:
        running.stop()


def sandbox_start() -> date:
    """First day of the sandbox company's history: eighteen months before the first demo, and the same ever after."""
    note = STATE / "sandbox" / "start"
    if not note.exists():
        note.parent.mkdir(parents=True, exist_ok=True)
        today = datetime.now(TIMEZONE).date()
        months = today.year * 12 + today.month - 1 - HISTORY_MONTHS
        note.write_text(str(date(months // 12, months % 12 + 1, 1)))
    return date.fromisoformat(note.read_text())


def sandbox_connections(running: services.Running) -> dict[str, SourceConnection]:
    """Connection id → how to reach the sandbox company, as Airflow's own connections have it."""
    return {
        given["connection_id"]: SourceConnection(
            base_url=running.sandbox_url or "",
            login=given.get("login", ""),
            password=given.get("password", ""),
            extra=json.loads(given.get("extra", "{}")),
        )
        for given in services.sandbox_connections(running)
    }


def load_history(
    warehouse: Warehouse,
    sources: list[Source],
    connections: Mapping[str, SourceConnection],
    window: Window,
    tell: Teller,
) -> None:
    """Load everything before the demo's days as one long window, through to the marts."""
    tell(f"[bold]history[/] {window} as one window")
    for source in sources:
        landed = land_source(
            warehouse, source, window, connections[source.connection], run_ref="crm demo",
            progress=partial(_tell_rows, tell, source.name),
        )  # fmt: skip
        staged = stage_source(warehouse, source, window)
        publish_day(warehouse, source, window)
        total = landed + staged
        tell(
            f"  {source.name}: {total.received:,} received, {total.unchanged:,} unchanged,"
            f" {total.staged:,} staged, {total.quarantined:,} quarantined"
        )
    tell("  core")
    build_core(warehouse)
    for subject in STATEMENTS:
        built = build_marts(warehouse, subject, window, settle=True)
        tell(f"  {subject} marts: {built.days} days")


def _tell_rows(tell: Teller, source: str, entity: str, step: str, count: int) -> None:
    tell(f"  {source} {entity}: {step}, {count:,} rows")


def run_days(warehouse: Warehouse, env: Mapping[str, str], sources: list[str], days: list, tell: Teller) -> Runs:
    """Let the scheduler run each source's days as a backfill, and wait until they have come through to the reports."""
    tell(f"[bold]scheduler[/] runs {days[0]} to {days[-1]} as partitions")
    ingests = [f"ingest_{source}" for source in sources]
    bearer = airflow.token(env)
    for dag_id in (*DOWNSTREAM, *ingests):
        _when_parsed(env, bearer, dag_id)
    for dag_id in (*DOWNSTREAM, *ingests):
        airflow.request(env, "PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False}, bearer)
    _wait_for_schedule(env, bearer, ingests, str(days[-1]))
    for dag_id in ingests:
        # up to midnight after the last day: a partition's run lies at the cron's hour of its own day
        to_date = days[-1] + timedelta(days=1)
        body = {
            "dag_id": dag_id,
            "from_date": f"{days[0]}T00:00:00Z",
            "to_date": f"{to_date}T00:00:00Z",
            "max_active_runs": 1,
            "reprocess_behavior": "none",
        }
        airflow.request(env, "POST", "/api/v2/backfills", body, bearer)
    keys = {str(day) for day in days}
    expected = len(keys) * (len(ingests) + len(DOWNSTREAM))
    told: set[tuple[str, str, str]] = set()
    changed_at = time.monotonic()
    while True:
        runs = [run for run in _runs(env, bearer) if run["partition_key"] in keys]
        for state in sorted((r["partition_key"], r["dag_id"], r["state"]) for r in runs if r["state"] in FINISHED):
            if state not in told:
                told.add(state)
                changed_at = time.monotonic()
                key, dag_id, word = state
                rows = sum(count.received for count in counts(warehouse).values())
                colour = "green" if word == "success" else "red"
                tell(f"  {key} {dag_id} [{colour}]{word}[/]  {rows:,} rows in all so far")
        if len(told) >= expected:
            return Runs(sum(s[2] == "success" for s in told), sum(s[2] == "failed" for s in told))
        if time.monotonic() - changed_at > STALLED_SECONDS:
            raise ServiceError(
                f"{len(told)} of {expected} runs have ended, and none in the last {STALLED_SECONDS} s. "
                f"See the UI, or {env['CRM_STATE']}/logs/scheduler.log."
            )
        time.sleep(1)


def _when_parsed(env: Mapping[str, str], bearer: str, dag_id: str) -> None:
    deadline = time.monotonic() + 120
    while airflow.request(env, "GET", f"/api/v2/dags/{dag_id}", bearer=bearer) is None:
        if time.monotonic() > deadline:
            raise ServiceError(
                f"Airflow has not parsed the DAG {dag_id}. See {env['CRM_STATE']}/logs/dag-processor.log."
            )
        time.sleep(0.5)


def _wait_for_schedule(env: Mapping[str, str], bearer: str, ingests: list[str], last: str) -> None:
    """Give the scheduler time to start yesterday by itself: a backfill of a day that it then starts runs it twice."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        started = {run["dag_id"] for run in _runs(env, bearer) if run["partition_key"] == last}
        if started >= set(ingests):
            return
        time.sleep(0.5)


def _runs(env: Mapping[str, str], bearer: str) -> list[dict[str, Any]]:
    path = "/api/v2/dags/~/dagRuns?limit=100&order_by=-run_after"
    return airflow.request(env, "GET", path, bearer=bearer)["dag_runs"]


def render_reports(warehouse: Warehouse, window: Window, sources: list[str]) -> None:
    """Render the three reports of a window."""
    from include.reports.render import render

    for subject in ("customers", "sales", "service"):
        render(warehouse, subject, window, sources)


def counts(warehouse: Warehouse) -> dict[str, Counts]:
    """Source → what became of all it ever gave."""
    with warehouse.connect() as connection:
        rows = connection.execute(
            "select source, coalesce(sum(received), 0)::bigint, coalesce(sum(inserted), 0)::bigint,"
            " coalesce(sum(unchanged), 0)::bigint, coalesce(sum(unreadable), 0)::bigint,"
            " coalesce(sum(validated), 0)::bigint, coalesce(sum(staged), 0)::bigint,"
            " coalesce(sum(quarantined), 0)::bigint from ops.load where kind <> 'replay'"
            " group by source order by source"
        ).fetchall()
    return {source: Counts(*numbers) for source, *numbers in rows}


def summarise(warehouse: Warehouse, runs: Runs, seconds: float) -> dict[str, Any]:
    """The demo's summary as plain values."""
    with warehouse.connect() as connection:
        reminders = connection.execute(
            "select (select count(*) from ops.reminder where closed_at is null),"
            " count(*) filter (where state = 'proposed'), count(*) filter (where state = 'sent'),"
            " count(*) filter (where kind = 'alert') from ops.outbox"
        ).fetchone() or (0, 0, 0, 0)
        paths = connection.execute("select path from ops.report_edition order by window_end, subject").fetchall()
    return {
        "rows": sum(counts(warehouse).values(), Counts()).as_dict(),
        "runs": {"succeeded": runs.succeeded, "failed": runs.failed},
        "outbox": dict(zip(("reminders_open", "proposed", "sent", "alerts"), reminders, strict=True)),
        "reports": [str(REPORTS / row[0]) for row in paths],
        "seconds": round(seconds, 1),
    }


def show(
    console: Console, warehouse: Warehouse, summary: dict[str, Any], running: services.Running, serve: bool
) -> None:
    """The summary for people."""
    shown = ("received", "inserted", "unchanged", "unreadable", "staged", "quarantined")
    lines: list[tuple[str, ...]] = [("source", *shown)]
    for source, count in counts(warehouse).items():
        lines.append((source, *(f"{count.as_dict()[name]:,}" for name in shown)))
    lines.append(("all", *(f"{summary['rows'][name]:,}" for name in shown)))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    console.print(f"[bold]Done in {summary['seconds']:.0f} s[/]")
    for source, *numbers in lines:
        cells = (number.rjust(width) for number, width in zip(numbers, widths[1:], strict=True))
        console.print(source.ljust(widths[0]), *cells, soft_wrap=True)
    console.print(f"Runs: {summary['runs']['succeeded']} succeeded, {summary['runs']['failed']} failed")
    waiting = summary["outbox"]
    console.print(
        f"Reminders: {waiting['reminders_open']} open. Messages: {waiting['proposed']} proposed, {waiting['alerts']} of"
        f" them alerts to people in service; {waiting['sent']} sent (as delivered none is): ./crm outbox list",
        soft_wrap=True,
    )
    console.print(f"Reports: {len(summary['reports'])} in {REPORTS}. To begin with:")
    for path in (path for path in summary["reports"] if ".." in path):
        console.print(f"  {path}", soft_wrap=True)
    if serve:
        console.print(
            f"Airflow: {running.airflow_url}  user {running.airflow_user}  password {running.airflow_password}"
        )
    else:
        console.print("Everything is stopped again; ./crm up starts it and serves Airflow's UI.")
