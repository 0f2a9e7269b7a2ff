"""
### Train identity

Once a month learns, from the records themselves and without labels, how much it says that two records agree on a name,
an address or a telephone number: the model in `ops.identity_model`. Between two trainings the model is frozen, so that
linking day by day gives the same customers as linking everything at once.

The build of core after a training links all records by the new model, and logs in `core.customer_change` every record
that is another customer's now. What people decided in `core.identity_decision` holds against every model.

Run it by hand after a first load of history, and after a change of `include/config/identity.yaml`. With fewer records
than `least_records` there, the weights in that file stay in force.
"""

from airflow.sdk import CronTriggerTimetable, dag, task

from include.settings import TIMEZONE
from plugins.dag_defaults import DEFAULT_ARGS, START


@dag(
    schedule=CronTriggerTimetable("30 3 1 * *", timezone=TIMEZONE.key),
    start_date=START,
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,  # of two models at once, one would be for nothing
    default_args=DEFAULT_ARGS,
    tags=["core"],
)
def train_identity():
    @task
    def train_models() -> list[str]:
        """Train the models of persons and organisations; returns what was trained, a line each."""
        from include.customers.training import train_identity
        from plugins.hooks.warehouse import WarehouseHook

        return [trained.as_text() for trained in train_identity(WarehouseHook().warehouse)]

    train_models()


train_identity()
