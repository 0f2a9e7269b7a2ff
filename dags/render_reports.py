"""
### Render reports

Renders the reports of a day when the day's marts are there: which ones, in which languages and formats, and who gets
them by mail, is in `include/config/reports.yaml` (docs/reports.md). A report goes by event time; rendered again after
late data, it becomes a new edition beside the old. A fresh day also writes Great Expectations' data docs of the latest
validations.

Output: `<reports>/<subject>/<day>/<checksum>.html`, listed in `ops.report_edition`.
"""

from airflow.sdk import PartitionedAssetTimetable, TriggerRule, dag, task

from include.assets import MARTS, REPORTS
from include.sources.config import load_sources
from plugins.dag_defaults import DEFAULT_ARGS, START
from plugins.operators.report import RenderReportsOperator

SOURCES = [source.name for source in load_sources().values() if source.enabled]


@dag(
    schedule=PartitionedAssetTimetable(assets=MARTS),
    start_date=START,
    catchup=False,
    doc_md=__doc__,
    max_active_runs=2,  # drawing fills a processor: two days at a time leave room for loads
    default_args=DEFAULT_ARGS,
    tags=["reports"],
)
def render_reports():
    reports = RenderReportsOperator(task_id="render_reports", period="daily", sources=SOURCES)

    @task(outlets=[REPORTS], trigger_rule=TriggerRule.ALL_DONE)
    def build_data_docs(partition_key: str | None = None) -> str | None:
        """Write the data docs of the latest validations; the days of a backfill would only write them over and over."""
        from datetime import UTC, datetime

        from include.quality.books import build_latest_docs
        from include.warehouse.marts import is_fresh
        from include.window import Window
        from plugins.hooks.warehouse import WarehouseHook

        if partition_key and not is_fresh(Window.day(partition_key), datetime.now(UTC)):
            return None
        return str(build_latest_docs(WarehouseHook().warehouse))

    reports >> build_data_docs()


render_reports()
