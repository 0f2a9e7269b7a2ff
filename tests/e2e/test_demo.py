"""The README's own command: embedded PostgreSQL, sandbox, Airflow's real scheduler, backfills, reports."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from include.local.postgres import Cluster
from include.settings import PROJECT

pytestmark = pytest.mark.e2e


@dataclass
class Demo:
    """A demo that has ended."""

    state: Path
    exit_code: int
    said: str
    summary: dict[str, Any]
    is_stopped: bool


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """`./crm demo --no-serve --json` in a state folder of its own."""
    state = tmp_path_factory.mktemp("demo") / "state"
    env = {key: value for key, value in os.environ.items() if not key.startswith(("CRM_", "AIRFLOW"))}
    done = subprocess.run(
        [PROJECT / "crm", "demo", "--no-serve", "--json"],
        env={**env, "CRM_STATE": str(state)},
        cwd="/",  # the command works from anywhere
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.stdout, done.stderr
    is_stopped = not Cluster(state / "postgres").is_running() and not (state / "services.json").exists()
    return Demo(state, done.returncode, done.stderr, json.loads(done.stdout.splitlines()[-1]), is_stopped)


@pytest.fixture(scope="module")
def warehouse(demo: Demo) -> Iterator[psycopg.Connection]:
    """The warehouse that the demo left."""
    cluster = Cluster(demo.state / "postgres")
    cluster.start()
    with psycopg.connect(cluster.url()) as connection:
        yield connection
    cluster.stop()


def test_it_ends_well_and_says_what_became_of_everything(demo: Demo, warehouse: psycopg.Connection) -> None:
    assert demo.exit_code == 0, demo.said
    rows, runs = demo.summary["rows"], demo.summary["runs"]
    assert runs == {"succeeded": 27, "failed": 0}  # 3 days × (4 sources, core, 3 subjects, reports)
    assert rows["received"] == rows["inserted"] + rows["unchanged"] + rows["unreadable"]
    assert rows["validated"] == rows["staged"] + rows["quarantined"] == rows["inserted"]
    assert rows["received"] > 40_000 and rows["quarantined"] > 0
    assert "Traceback" not in demo.said
    outbox = demo.summary["outbox"]
    assert outbox["reminders_open"] > 0 and outbox["proposed"] > outbox["alerts"] and outbox["sent"] == 0
    secret = json.loads((demo.state / "secrets.json").read_text())
    assert not any(value in demo.said for key, value in secret.items() if key != "airflow_password")
    booked = warehouse.execute("select sum(received), sum(staged) from ops.load").fetchone()
    assert booked == (rows["received"], rows["staged"])


def test_every_day_has_come_through_to_its_reports(demo: Demo, warehouse: psycopg.Connection) -> None:
    today = datetime.now(UTC).date()
    days = {str(today - timedelta(days=n)) for n in (1, 2, 3)}
    for subject in ("customers", "sales", "service"):
        there = {path.name for path in (demo.state / "reports" / subject).iterdir()}
        assert days <= there
    assert all(Path(path).stat().st_size < 2_000_000 for path in demo.summary["reports"])
    assert len(demo.summary["reports"]) >= 12
    stale = warehouse.execute("select count(*) from ops.mart_day where is_stale and subject <> 'core'").fetchone()
    assert stale == (0,)  # what late facts had marked is settled
    assert (demo.state / "data_docs" / "index.html").exists()


def test_the_scheduler_ran_each_task_once_to_success(demo: Demo, warehouse: psycopg.Connection) -> None:
    metadata = warehouse.info.dsn.replace("dbname=warehouse", "dbname=airflow")
    with psycopg.connect(metadata, password=warehouse.info.password) as airflow:
        states = {row[0] for row in airflow.execute("select distinct state from task_instance")}
        assert states <= {"success", "skipped"}
        variables = airflow.execute("select count(*) from xcom where length(value::text) > 2000").fetchone()
        assert variables == (0,)  # counts and names only


def test_nothing_of_it_runs_any_more(demo: Demo) -> None:
    assert demo.is_stopped


def test_a_report_is_rendered_by_hand_without_airflow(demo: Demo) -> None:
    env = {key: value for key, value in os.environ.items() if not key.startswith(("CRM_", "AIRFLOW"))}
    days = [str(datetime.now(UTC).date() - timedelta(days=n)) for n in (30, 1)]
    done = subprocess.run(
        [PROJECT / "crm", "report", "service", "--from", days[0], "--to", days[1], "--format", "pdf,xlsx", "--json"],
        env={**env, "CRM_STATE": str(demo.state)}, cwd="/", capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    paths = [Path(path) for path in json.loads(done.stdout)["reports"]]
    assert [path.suffix for path in paths] == [".html", ".pdf", ".xlsx"]
    assert all(0 < path.stat().st_size < 2_000_000 for path in paths)
