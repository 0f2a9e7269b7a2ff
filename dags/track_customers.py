"""
### Track customers

Builds the customer marts: customers with their deals, tickets and orders, orders, and both by day. Waits for the marts
of sales and service of the same day.

After a backfill, run `settle_marts` once (or wait for the next scheduled day): it settles all marked days together.
"""

from airflow.sdk import PartitionedAssetTimetable, dag

from include.assets import CUSTOMERS, SALES, SERVICE
from plugins.dag_defaults import DEFAULT_ARGS, START
from plugins.operators.build import BuildMartsOperator


@dag(
    schedule=PartitionedAssetTimetable(assets=SALES & SERVICE),
    start_date=START,
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,  # marts are built under one lock: a second run would only wait for it
    default_args=DEFAULT_ARGS,
    tags=["marts"],
)
def track_customers():
    BuildMartsOperator(task_id="build_marts", subject="customers", outlets=[CUSTOMERS])


track_customers()
