"""
### Settle marts

Builds every day of the daily marts that late facts marked as changed, all in one set-based statement a table. Run it at
the end of a backfill; without it the next fresh day does the same.
"""

from airflow.sdk import dag, task

from include.subjects import Subject
from plugins.dag_defaults import DEFAULT_ARGS, START


@dag(
    schedule=None,
    start_date=START,
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,  # a second run would find nothing left to do
    default_args=DEFAULT_ARGS,
    tags=["marts", "operations"],
)
def settle_marts():
    @task
    def settle(subject: Subject) -> int:
        """Build the marked days of a subject; returns how many there were."""
        from include.warehouse.marts import settle_marts
        from plugins.hooks.warehouse import WarehouseHook

        return settle_marts(WarehouseHook().warehouse, subject).settled

    for subject in ("customers", "sales", "service"):
        settle.override(task_id=f"settle_{subject}")(subject)


settle_marts()
