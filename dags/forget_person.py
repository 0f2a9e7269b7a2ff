"""
### Forget person

Erases one person from raw, staging, core, marts, quarantine, webhooks, kept reports and the installation's files, and
keeps hashes by which the next pull leaves them out. By hand only, and a dry run unless `dry_run` is false: first read
in the task's log what would go. What is about something else, a deal, an order, a ticket, keeps its figures.

| parameter | what it is |
| --- | --- |
| customer_id | the customer, as in `core.dim_customer` |
| email | or an address of theirs; Airflow keeps a run's parameters, so prefer the id, or delete the run afterwards |
| reason | why; kept in the proof, so it must not name the person |
| dry_run | only say what would be done |

Output: `ops.erasure`, a row an erasure, which does not say who. After a failure run it again: it goes on where it was.
Sources and backups are not reached: `docs/operations.md`, "Forgetting a person".
"""

from airflow.sdk import Param, dag, task

from plugins.dag_defaults import DEFAULT_ARGS, START


@dag(
    schedule=None,
    start_date=START,
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,  # an erasure holds every load, core and the marts while it lasts
    default_args=DEFAULT_ARGS,
    tags=["operations"],
    params={
        "customer_id": Param("", type="string", description="Id of the customer; empty when an address is given."),
        "email": Param("", type="string", description="Address of the person; empty when an id is given."),
        "reason": Param("", type="string", description="Why; do not name the person."),
        "dry_run": Param(True, type="boolean", description="Only say what would be done."),
    },
)
def forget_person():
    @task(multiple_outputs=False)
    def forget_everywhere(params: dict | None = None, run_id: str | None = None) -> dict:
        """Erase the person, or say what would be erased; returns rows by table and places by file."""
        from include.customers.forget import forget
        from plugins.hooks.warehouse import WarehouseHook

        assert params
        erasure = forget(
            WarehouseHook().warehouse,
            emails=[params["email"]] if params["email"] else [],
            customer_ids=[params["customer_id"]] if params["customer_id"] else [],
            by=f"forget_person {run_id}",
            reason=params["reason"] or None,
            dry_run=params["dry_run"],
        )
        print(erasure.as_text())
        return erasure.as_dict()

    forget_everywhere()


forget_person()
