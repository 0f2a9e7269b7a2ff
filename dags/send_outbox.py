"""
### Send outbox

Every quarter of an hour sends the messages in `ops.outbox` that are approved and due: by mail, to a chat, as a task in
the CRM. Each message goes out once. A message is only sent in its own hours (`not_before` to `not_after`); after them
it is cancelled.

As delivered nothing is sent: `dry_run: true` in `include/config/outbox.yaml`, and this DAG has no schedule. Run by hand
it then only looks for messages that a killed sender left behind. Turning it on: docs/reminders.md.

What becomes of a message:

| state | means |
| --- | --- |
| approved | waits for its time, or for the next attempt: it was surely not delivered before |
| sent | the other side has it |
| failed | given up: refused for good, or too many attempts |
| uncertain | the sender died, or was cut off, when it may have gone out: look, then `./crm outbox resend` or `close` |

When it fails: *more than most_a_day* is the fuse. Nothing goes out until a person has looked: `./crm outbox list`.
Messages of a channel that cannot be reached wait, and the task does not fail for them: its log says so.
"""

from airflow.sdk import CronTriggerTimetable, dag

from include.actions.config import load_outbox_config
from include.settings import TIMEZONE
from plugins.dag_defaults import DEFAULT_ARGS, START
from plugins.operators.outbox import SendOutboxOperator


@dag(
    # in a dry run there is nothing to send, and nothing to run for
    schedule=None if load_outbox_config().dry_run else CronTriggerTimetable("*/15 * * * *", timezone=TIMEZONE.key),
    start_date=START,
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,  # a second run would find nothing that the first does not send
    default_args=DEFAULT_ARGS,
    tags=["actions"],
)
def send_outbox():
    SendOutboxOperator(task_id="send_outbox")


send_outbox()
