"""
### Track service

Builds the service marts: tickets with all their times, what was promised and whether it was kept, volumes and backlog
by day, figures by week, month and quarter. Of tickets those are told anew that changed or whose promises run; one
row a day is built for the run's day, and, when the day is fresh, for every earlier day that late facts marked.

The subject that completes the day publishes it to the reports; for the others **publish_marts** is skipped.

**read_feedback** then reads the day's ratings and their comments: good ones are thanked, bad ones are for people.
**propose_alerts** puts one mail a person into `ops.outbox`: promises that are due or broken, a backlog above the usual,
bad ratings, by `include/config/alerts.yaml`. Neither sends: `send_outbox` does, and as delivered (`dry_run`) not even
that. Both are skipped for a day that is not fresh: a backfill tells nobody.

After a backfill, run `settle_marts` once (or wait for the next scheduled day): it settles all marked days together.
"""

from airflow.sdk import PartitionedAssetTimetable, dag

from include.assets import CORE, MARTS
from plugins.dag_defaults import DEFAULT_ARGS, START
from plugins.operators.answers import ReadFeedbackOperator
from plugins.operators.build import BuildMartsOperator, PublishMartsOperator
from plugins.operators.outbox import ProposeAlertsOperator


@dag(
    schedule=PartitionedAssetTimetable(assets=CORE),
    start_date=START,
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,  # marts are built under one lock: a second run would only wait for it
    default_args=DEFAULT_ARGS,
    tags=["marts"],
)
def track_service():
    build_marts = BuildMartsOperator(task_id="build_marts", subject="service")
    build_marts >> PublishMartsOperator(task_id="publish_marts", outlets=[MARTS])
    read_feedback = ReadFeedbackOperator(task_id="read_feedback")
    # what is urgent is told, too, when the feedback cannot be read
    build_marts >> read_feedback >> ProposeAlertsOperator(task_id="propose_alerts", trigger_rule="all_done")


track_service()
