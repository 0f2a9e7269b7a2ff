"""
### Publish tables

Keeps tables of the warehouse in other databases, MySQL or PostgreSQL, as `include/config/publish.yaml` says: one task a
publication, when a fresh day's marts are there. Run it by hand to publish at once.

A table ends up with the rows that the warehouse has now: new ones are inserted, changed ones updated, and rows that
are gone deleted, in one transaction. Run again, it changes nothing.

When it fails: the table is as it was, and the task's log says why. Clear the task once the cause is mended.
"""

from airflow.sdk import PartitionedAssetTimetable, dag, task

from include.assets import MARTS
from include.publish.config import load_publications
from plugins.dag_defaults import DEFAULT_ARGS, START
from plugins.operators.publish import PublishTableOperator

PUBLICATIONS = load_publications()


@dag(
    # as delivered there is nothing to publish, and nothing to run for
    schedule=PartitionedAssetTimetable(assets=MARTS) if PUBLICATIONS else None,
    start_date=START,
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,  # a second run would publish the same rows to the same tables
    default_args=DEFAULT_ARGS,
    tags=["publish"],
)
def publish_tables():
    for name in PUBLICATIONS:
        PublishTableOperator(task_id=f"publish_{name}", publication=name)

    @task
    def publish_nothing() -> None:
        """Say where publications are written down."""
        from airflow.sdk.exceptions import AirflowSkipException

        raise AirflowSkipException("include/config/publish.yaml names no publications: see docs/operations.md.")

    if not PUBLICATIONS:
        publish_nothing()


publish_tables()
