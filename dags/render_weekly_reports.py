"""
### Render weekly reports

Renders the reports of a week, Monday to Sunday, when the marts of all of its days are there: which ones, in
which languages and formats, and who gets them by mail, is in `include/config/reports.yaml` (docs/reports.md).

A run's key is the week's first day. A week all of whose days are run again becomes a new edition beside the old, and
what differs is kept with it; after a few of its days `render_window` makes it. Only a week that has just ended is
mailed, through the outbox.

Output: `<reports>/<subject>/<first day>..<last day>/<checksum>.html`, listed in `ops.report_edition`.
"""

from airflow.sdk import PartitionedAssetTimetable, RollupMapper, StartOfWeekMapper, WeekWindow, dag

from include.assets import MARTS
from include.reports.config import load_reports_config
from include.settings import TIMEZONE
from include.sources.config import load_sources
from plugins.dag_defaults import DEFAULT_ARGS, KEY_FORMAT, START
from plugins.operators.report import RenderReportsOperator

SOURCES = [source.name for source in load_sources().values() if source.enabled]
PLAN = load_reports_config().weekly


@dag(
    schedule=PartitionedAssetTimetable(
        assets=MARTS,
        default_partition_mapper=RollupMapper(
            upstream_mapper=StartOfWeekMapper(input_format=KEY_FORMAT, output_format=KEY_FORMAT, timezone=TIMEZONE.key),
            window=WeekWindow(),
        ),
    )
    if PLAN
    else None,
    start_date=START,
    catchup=False,
    is_paused_upon_creation=False,  # it only renders; what goes out waits in the outbox
    doc_md=__doc__,
    max_active_runs=1,  # drawing fills a processor
    default_args=DEFAULT_ARGS,
    tags=["reports"],
)
def render_weekly_reports():
    RenderReportsOperator(task_id="render_reports", period="weekly", sources=SOURCES)


render_weekly_reports()
