"""
### Train replies

Once a week learns what customers ask from the examples in `include/config/replies`, and from what people decided about
earlier messages: the model by which messages are answered, drafted or left to people.

A new model is put in force unless the one in force names more of the same held-out examples rightly; `ops.model_run`
keeps the figures of both. With the same examples and settings nothing is trained.

Run it by hand after a change of the examples or of `include/config/replies.yaml`; with `dry_run` it only says how the
new model would do.
"""

from airflow.sdk import CronTriggerTimetable, Param, dag, task

from include.settings import TIMEZONE
from plugins.dag_defaults import DEFAULT_ARGS, START


@dag(
    schedule=CronTriggerTimetable("0 4 * * 0", timezone=TIMEZONE.key),
    start_date=START,
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,  # the second of two models at once would be compared with the first
    default_args=DEFAULT_ARGS,
    params={
        "dry_run": Param(False, type="boolean", description="Only say how a new model would do; nothing is written."),
    },
    tags=["actions"],
)
def train_replies():
    @task
    def train_model(params: dict | None = None) -> str:
        """Train the model of what customers ask; returns what became of it, in one line."""
        from include.replies.approvals import decided_examples
        from include.replies.training import train_replies
        from plugins.hooks.warehouse import WarehouseHook

        warehouse = WarehouseHook().warehouse
        is_dry_run = bool(params and params["dry_run"])
        return train_replies(warehouse, decided_examples(warehouse), dry_run=is_dry_run).as_text()

    train_model()


train_replies()
