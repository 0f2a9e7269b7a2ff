"""
### Replay quarantine

Runs today's rules on the open rows of `ops.quarantine` again, after a rule or a staging statement was mended. Rows that
pass are staged and reach core with the next `build_core`; the others stay, with the rules that they break now. Rows
that could not be read as records are not tried: only their source can send them again.

| parameter | what it is |
| --- | --- |
| source | name of the source, as in include/config/sources |
| entity | name of the entity; empty for all entities of the source |
"""

from airflow.sdk import Param, dag, task

from plugins.dag_defaults import DEFAULT_ARGS, START


@dag(
    schedule=None,
    start_date=START,
    catchup=False,
    is_paused_upon_creation=False,  # it runs when somebody asks for it
    doc_md=__doc__,
    max_active_runs=1,  # a second replay would try the same rows again
    default_args=DEFAULT_ARGS,
    tags=["quality", "operations"],
    params={
        "source": Param(type="string", minLength=1, description="Name of the source."),
        "entity": Param("", type="string", description="Name of the entity; empty for all."),
    },
)
def replay_quarantine():
    @task
    def replay_rows(params: dict | None = None) -> dict[str, int]:
        """Try the rows again; returns how many were tried, staged and left."""
        from datetime import UTC, datetime

        from include.ingest import replay_source
        from plugins.hooks.warehouse import WarehouseHook

        assert params
        counts = replay_source(WarehouseHook().warehouse, params["source"], params["entity"], datetime.now(UTC))
        return counts.as_dict()

    replay_rows()


replay_quarantine()
