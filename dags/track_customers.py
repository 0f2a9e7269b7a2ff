"""
### Track customers

Builds the customer marts: customers with their deals, tickets and orders, orders, and both by day; RFM by month; and,
on a fresh day, what each customer is worth (models are fitted when a month is over, and again when its data change).

The subject that completes the day publishes it to the reports; for the others **publish_marts** is skipped.

After a backfill, run `settle_marts` once (or wait for the next scheduled day): it settles all marked days together.
"""

from airflow.sdk import PartitionedAssetTimetable, dag

from include.assets import CORE, MARTS
from plugins.dag_defaults import DEFAULT_ARGS, START
from plugins.operators.build import BuildMartsOperator, PublishMartsOperator


@dag(
    schedule=PartitionedAssetTimetable(assets=CORE),
    start_date=START,
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,  # marts are built under one lock: a second run would only wait for it
    default_args=DEFAULT_ARGS,
    tags=["marts"],
)
def track_customers():
    BuildMartsOperator(task_id="build_marts", subject="customers") >> PublishMartsOperator(
        task_id="publish_marts", outlets=[MARTS]
    )


track_customers()
