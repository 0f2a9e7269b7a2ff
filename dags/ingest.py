"""
### Ingest a source

One DAG a file in `include/config/sources` that is switched on. A run is one business day of the source:

1. **land_raw** pulls every record that changed in the day into `raw.<source>__<entity>`, as received.
2. **validate_and_stage** runs the Great Expectations suite of each entity on what is new. Good rows go to
   `staging.<source>__<entity>`, bad rows to `ops.quarantine` with every rule that they broke.
3. **publish_day** notes that the day is there, or that the source failed for good. The source that completes the day
   publishes it downstream; for the others the step is skipped, and its log says what the day still waits for.
4. **watch** fails the run when a step failed, although the day was published.

Run a day again at any time: the same rows come out. Backfill it, from the UI or with
`./crm airflow backfill create --dag-id ingest_… --from-date … --to-date …`: the same days go on to the reports.

When it fails: the task's log says which entity, what, and what to do next; `ops.load` and `ops.source_day` have it too.
"""

from datetime import timedelta

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, CronPartitionTimetable, TriggerRule

from include.assets import STAGING
from include.settings import TIMEZONE
from include.sources.config import Source, load_sources
from plugins.dag_defaults import DEFAULT_ARGS, KEY_FORMAT, LONGEST_TASK, START
from plugins.operators.ingest import LandSourceOperator, PublishDayOperator, StageSourceOperator


def fail_the_run() -> None:
    """A published day must not hide that a step of it failed."""
    raise RuntimeError("A step of this day failed: see the failed task's log for what to do.")


def longest_pull(source: Source) -> timedelta:
    """What all sites of a source may take one after the other, and half an hour more; for others the usual."""
    crawls = sum(entity.web.max_minutes for entity in source.entities.values() if entity.web)
    return max(LONGEST_TASK, timedelta(minutes=crawls + 30))


def ingest(source: Source) -> DAG:
    """The DAG of one source."""
    with DAG(
        dag_id=f"ingest_{source.name}",
        description=source.description,
        doc_md=__doc__,
        schedule=CronPartitionTimetable(
            source.schedule or "", timezone=TIMEZONE.key, run_offset=-1, key_format=KEY_FORMAT
        ),
        start_date=START,
        catchup=False,
        max_active_runs=1,  # a vendor's request limit is one for all days
        default_args=DEFAULT_ARGS,
        tags=["ingest"],
    ) as dag:
        pool = source.budget.pool if source.budget else None
        land_raw = LandSourceOperator(
            task_id="land_raw", source=source.name, pool=pool, execution_timeout=longest_pull(source)
        )
        stage = StageSourceOperator(task_id="validate_and_stage", source=source.name, trigger_rule=TriggerRule.ALL_DONE)
        publish = PublishDayOperator(
            task_id="publish_day",
            source=source.name,
            outlets=[STAGING],
            trigger_rule=TriggerRule.ALL_DONE,
        )
        watch = PythonOperator(
            task_id="watch", python_callable=fail_the_run, trigger_rule=TriggerRule.ONE_FAILED, retries=0
        )
        land_raw >> stage >> publish
        [land_raw, stage, publish] >> watch
    return dag


for _source in load_sources().values():
    if _source.enabled:
        globals()[f"ingest_{_source.name}"] = ingest(_source)
