"""
### Answer tickets

Every fresh day, once its marts are there, answers the questions that customers asked on it and nobody has answered yet.

- **propose_answers** reads each question, and puts into `ops.outbox` an answer (sure enough, and its intent needs no
  approval) or a draft. All others are left to people; `ops.ticket_answer` says why. Skipped for a day that is not
  fresh: a backfill answers nobody.
- **decide_answers** shows drafts to people, a batch a task: under *Required actions* choose those that go out, change
  their text, or correct what is asked; the rest is rejected. Without a decision within the hours of `replies.yaml`
  nothing goes out. What people decided is learned by `train_replies`.

Nothing is sent here: `send_outbox` does, and as delivered (`dry_run` in `include/config/outbox.yaml`) not even that;
nor is anyone asked. Who is answered, and when it stops by itself: docs/replies.md.
"""

from airflow.sdk import PartitionedAssetTimetable, dag

from include.assets import MARTS
from plugins.dag_defaults import DEFAULT_ARGS, START
from plugins.operators.answers import DecideAnswersOperator, ProposeAnswersOperator


@dag(
    schedule=PartitionedAssetTimetable(assets=MARTS),
    start_date=START,
    catchup=False,
    doc_md=__doc__,
    max_active_runs=3,  # a run waits for people, and the next day's questions do not wait for that
    default_args=DEFAULT_ARGS,
    tags=["actions"],
)
def answer_tickets():
    batches = ProposeAnswersOperator(task_id="propose_answers").output
    DecideAnswersOperator.partial(task_id="decide_answers").expand(numbers=batches)


answer_tickets()
