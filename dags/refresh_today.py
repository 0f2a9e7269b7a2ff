"""
### Refresh today

Every five minutes brings deals, tickets and promises up to date with what webhooks told since the last run, for the
page *Today* (Airflow's menu, CRM). A run that finds nothing new ends at once. Days, models, reminders and reports are
none of its business: they wait for the day to end.

It has a schedule when a source that is switched on has `hooks:`. When it fails nothing is lost: the daily run brings
the same.
"""

from airflow.sdk import CronTriggerTimetable, dag, task

from include.settings import TIMEZONE
from include.sources.config import load_sources
from plugins.dag_defaults import DEFAULT_ARGS, START


@dag(
    schedule=CronTriggerTimetable("*/5 * * * *", timezone=TIMEZONE.key)
    if any(source.enabled and source.hooks for source in load_sources().values())
    else None,
    start_date=START,
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,  # the next one takes what came meanwhile
    default_args=DEFAULT_ARGS,
    tags=["marts"],
)
def refresh_today():
    @task
    def refresh_core_and_marts() -> dict[str, int]:
        """Take up what was staged since core was built, and what a run before left; returns the loads taken up."""
        from airflow.sdk.exceptions import AirflowSkipException

        from include.warehouse.core import build_core
        from include.warehouse.marts import changed_subjects, refresh_marts
        from plugins.hooks.warehouse import WarehouseHook

        warehouse = WarehouseHook().warehouse
        built = build_core(warehouse)
        subjects = changed_subjects(warehouse)
        if not subjects:
            raise AirflowSkipException("Nothing has changed since the last run.")
        for subject in subjects:
            refresh_marts(warehouse, subject)
        return {"loads": built.loads}

    refresh_core_and_marts()


refresh_today()
