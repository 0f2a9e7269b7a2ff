"""
### Make extracts

Writes tables of the warehouse as Tableau extracts, `.hyper` files in `<state>/extracts`, as
`include/config/extracts.yaml` says, when a fresh day's marts are there; then publishes them to Tableau Server or
Tableau Cloud, if there is a connection `tableau`. Run it by hand to do so at once.

A full extract is written anew; an incremental one replaces the days whose marts were built since the last time. Run
again, it changes nothing.

When it fails: each file is as it was, or new; none is half written. The log names the extract and why. Clear the task
once the cause is mended.
"""

from airflow.sdk import PartitionedAssetTimetable, TriggerRule, dag

from include.assets import MARTS
from plugins.dag_defaults import DEFAULT_ARGS, START
from plugins.operators.extract import MakeExtractsOperator, PublishExtractsOperator


@dag(
    schedule=PartitionedAssetTimetable(assets=MARTS),
    start_date=START,
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,  # a second run would write the same rows to the same files
    default_args=DEFAULT_ARGS,
    tags=["publish"],
)
def make_extracts():
    write_extracts = MakeExtractsOperator(task_id="write_extracts")
    # an extract that could not be written keeps none of the others back; its task stays red
    write_extracts >> PublishExtractsOperator(task_id="publish_extracts", trigger_rule=TriggerRule.NONE_SKIPPED)


make_extracts()
