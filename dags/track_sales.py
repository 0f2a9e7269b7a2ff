"""
### Track sales

Builds the sales marts: deals, stage visits, bookings and pipeline by day, and figures by week, month and quarter. One
row a thing is built anew; one row a day is built for the run's day, and, when the day is fresh, for every earlier day
that late facts marked. On a fresh day models then tell forecasts, chances of open deals, unusual days and groups.

The subject that completes the day publishes it to the reports; for the others **publish_marts** is skipped.

**propose_reminders** then looks for deals that need a person, by the rules of `include/config/reminders.yaml`, and puts
one digest a rep into `ops.outbox`. It sends nothing: `send_outbox` does, and as delivered (`dry_run`) not even that. It
is skipped for a day that is not fresh: a backfill reminds nobody.

After a backfill, run `settle_marts` once (or wait for the next scheduled day): it settles all marked days together.
"""

from airflow.sdk import PartitionedAssetTimetable, dag

from include.assets import CORE, MARTS
from plugins.dag_defaults import DEFAULT_ARGS, START
from plugins.operators.build import BuildMartsOperator, PublishMartsOperator
from plugins.operators.outbox import ProposeRemindersOperator


@dag(
    schedule=PartitionedAssetTimetable(assets=CORE),
    start_date=START,
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,  # marts are built under one lock: a second run would only wait for it
    default_args=DEFAULT_ARGS,
    tags=["marts"],
)
def track_sales():
    build_marts = BuildMartsOperator(task_id="build_marts", subject="sales")
    build_marts >> PublishMartsOperator(task_id="publish_marts", outlets=[MARTS])
    build_marts >> ProposeRemindersOperator(task_id="propose_reminders")


track_sales()
