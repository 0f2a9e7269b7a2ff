"""
### Prune raw

Once a week deletes the versions in `raw.<source>__<entity>` that newer ones replaced longer ago than the source's
`keep_raw`. A source without `keep_raw` keeps all. Never deleted are the newest version of a record, what open
quarantine could be replayed from, and what is not in core yet. Staging and core keep what they have.

**prune_webhooks** deletes webhooks that were done with thirty days ago.

Output: `ops.raw_pruning`, a row an entity and pruning. Run it again at any time; after a failure the next run goes on.
"""

from airflow.sdk import CronTriggerTimetable, dag, task

from include.settings import TIMEZONE
from include.sources.config import load_sources
from plugins.dag_defaults import DEFAULT_ARGS, START

SOURCES = [source.name for source in load_sources().values() if source.keep_raw]


@dag(
    schedule=CronTriggerTimetable("0 5 * * 0", timezone=TIMEZONE.key),
    start_date=START,
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,  # a second run would wait for the first one's locks
    default_args=DEFAULT_ARGS,
    tags=["operations"],
)
def prune_raw():
    @task(multiple_outputs=False)
    def prune_source(source: str) -> dict[str, int]:
        """Delete what may go of a source; returns how many versions of each entity."""
        from datetime import UTC, datetime

        from include.sources.config import load_source
        from include.warehouse.retention import prune_raw
        from plugins.hooks.warehouse import WarehouseHook

        return prune_raw(WarehouseHook().warehouse, load_source(source), datetime.now(UTC))

    @task
    def prune_webhooks() -> int:
        """Delete webhooks that are done with; returns how many."""
        from datetime import UTC, datetime

        from include.warehouse.retention import prune_webhooks
        from plugins.hooks.warehouse import WarehouseHook

        return prune_webhooks(WarehouseHook().warehouse, datetime.now(UTC))

    for source in SOURCES:
        prune_source.override(task_id=f"prune_{source}")(source)
    prune_webhooks()


prune_raw()
