"""What every DAG has to be: the policy, as tests."""

import os
import re
from pathlib import Path

import pytest

from include.settings import PROJECT
from include.sources.config import load_sources

VERBS = ("ingest", "refresh", "build", "track", "render", "settle", "replay", "prune", "land", "validate", "publish",
         "watch", "forget", "train", "propose", "send", "answer", "decide", "read", "make", "write")  # fmt: skip
FILES = sorted((PROJECT / "dags").glob("*.py"))


@pytest.fixture(scope="session")
def dag_bag(tmp_path_factory: pytest.TempPathFactory):
    """Every DAG of the project, parsed as Airflow does."""
    home = tmp_path_factory.mktemp("airflow")
    os.environ.setdefault("AIRFLOW_HOME", str(home))
    os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
    os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(PROJECT / "plugins")
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(PROJECT / "dags"))


def test_every_dag_is_imported(dag_bag) -> None:
    assert dag_bag.import_errors == {}
    sources = [source for source in load_sources().values() if source.enabled]
    enabled = {f"ingest_{source.name}" for source in sources}
    hooked = {f"ingest_{source.name}_hooks" for source in sources if source.hooks}
    others = {file.stem for file in FILES} - {"ingest", "ingest_hooks"}
    # one DAG a file, named after it; two exceptions make one of each source: that is on, and that takes webhooks
    assert set(dag_bag.dags) == enabled | hooked | others
    assert enabled and hooked


def test_policy(dag_bag) -> None:
    from plugins.dag_defaults import TAGS

    for dag in dag_bag.dags.values():
        assert dag.tags and set(dag.tags) <= TAGS, dag.dag_id
        assert dag.doc_md and dag.doc_md.strip().startswith("###"), dag.dag_id
        assert dag.dag_id.split("_")[0] in VERBS, dag.dag_id
        assert dag.catchup is False, dag.dag_id
        for task in dag.tasks:
            assert task.task_id.split("_")[0] in VERBS, f"{dag.dag_id}.{task.task_id}"
            assert task.owner == "data-engineering", f"{dag.dag_id}.{task.task_id}"
            assert task.retries >= 2 or task.task_id == "watch", f"{dag.dag_id}.{task.task_id}"
            assert task.execution_timeout, f"{dag.dag_id}.{task.task_id}"


def test_no_template_is_left_that_names_a_file(dag_bag) -> None:
    for dag in dag_bag.dags.values():
        for task in dag.tasks:
            for field in task.template_fields:
                assert not str(getattr(task, field, "")).endswith(".sql"), f"{dag.dag_id}.{task.task_id}.{field}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_dag_file_is_short_and_only_wires(file: Path) -> None:
    text = file.read_text()
    assert len(text.splitlines()) < 120
    assert text.startswith('"""')
    assert not re.search(r"^(from|import) (pandas|great_expectations|matplotlib|psycopg|sklearn)", text, re.M)
    assert "max_active_runs=" in text and re.search(r"max_active_runs=\d+,  # ", text), "max_active_runs has its reason"
    assert "Variable" not in text and "datetime.now(UTC).date" not in text


@pytest.mark.parametrize(
    ("name", "key", "days"),
    [
        ("render_weekly_reports", "2026-11-16", [f"2026-11-{day}" for day in range(16, 23)]),  # a Monday
        ("render_monthly_reports", "2026-02-01", [f"2026-02-{day:02}" for day in range(1, 29)]),
    ],
)
def test_a_week_and_a_month_wait_for_all_of_their_days(dag_bag, name: str, key: str, days: list[str]) -> None:
    from airflow.partition_mappers.base import is_rollup
    from airflow.serialization.serialized_objects import DagSerialization

    from include.assets import MARTS

    dag = DagSerialization.from_dict(DagSerialization.to_dict(dag_bag.dags[name]))  # as the scheduler has it
    mapper = dag.timetable.get_partition_mapper(name=MARTS.name, uri=MARTS.uri)
    assert {mapper.to_downstream(day) for day in days} == {key}
    assert is_rollup(mapper) and sorted(mapper.to_upstream(key)) == days
