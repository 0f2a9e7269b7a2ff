"""
### Build core

Brings `core.*` (customers, companies, reps, deals, stage visits, tickets, events, messages, activities, orders) up to
date with staging, for every key that new rows touched. Runs when every source that is switched on has published the
day.

Whichever loads come together, and in whatever order, core ends up the same.

When it fails: nothing of core has changed (it is one transaction). Clear the task once the cause is mended.
"""

from airflow.sdk import PartitionedAssetTimetable, dag, task

from include.assets import CORE, STAGING
from plugins.dag_defaults import DEFAULT_ARGS, START


@dag(
    schedule=PartitionedAssetTimetable(assets=STAGING),
    start_date=START,
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,  # core is built under one lock: a second run would only wait for it
    default_args=DEFAULT_ARGS,
    tags=["core"],
)
def build_core():
    @task(outlets=[CORE])
    def build_dimensions_and_facts(partition_key: str | None = None) -> dict:
        """Compute the touched keys of every dimension and fact anew."""
        from include.warehouse.core import build_core
        from include.warehouse.releases import mark_core
        from include.window import Window
        from plugins.hooks.warehouse import WarehouseHook

        warehouse = WarehouseHook().warehouse
        built = build_core(warehouse)
        if partition_key:  # a run by hand without a day builds core, and releases nothing
            mark_core(warehouse, Window.day(partition_key).first_day)
        return {
            "loads": built.loads,
            "changed_from": {subject: str(day) for subject, day in built.changed_from.items()},
        }

    build_dimensions_and_facts()


build_core()
