"""
### Ingest what webhooks tell

One DAG a source that is switched on and has `hooks:` in its YAML. The API server stores each webhook in `ops.webhook`
before it answers, and publishes the source's asset; a run lands and stages all that wait:

1. **land_and_stage** puts whole records into `raw.<source>__<entity>`, asks the source for those that only an id was
   told of, validates and stages them like a daily pull.

Webhooks that come while a run goes on are taken together by the next one. Every quarter of an hour a run looks for what
was stored and never announced, or could not be landed before; it mostly finds nothing.

The rows reach core with the next `build_core`. The daily pull of the day still comes, and finds them unchanged.

When it fails: what could be landed is; the rest waits in `ops.webhook` (its `detail` says why) for the next run, and is
given up after a day.
"""

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable, task

from include.assets import webhooks_of
from include.sources.config import Source, load_sources
from plugins.dag_defaults import DEFAULT_ARGS, START


@task(multiple_outputs=False)
def land_and_stage(source: str, run_id: str | None = None) -> dict[str, int]:
    """Land and stage what waits; returns the counts."""
    from include.hooks.receive import receive
    from include.sources.config import load_source
    from plugins.hooks.source import SourceHook
    from plugins.hooks.warehouse import WarehouseHook

    definition = load_source(source)
    connection = SourceHook(definition.connection).get_conn()
    return receive(WarehouseHook().warehouse, definition, connection, run_ref=run_id).as_dict()


def ingest_hooks(source: Source) -> DAG:
    """The DAG for the webhooks of one source."""
    with DAG(
        dag_id=f"ingest_{source.name}_hooks",
        description=f"Webhooks. {source.description}",
        doc_md=__doc__,
        schedule=AssetOrTimeSchedule(
            timetable=CronTriggerTimetable("*/15 * * * *", timezone="UTC"), assets=webhooks_of(source.name)
        ),
        start_date=START,
        catchup=False,
        max_active_runs=1,  # a run takes all that wait: a burst makes few runs
        default_args=DEFAULT_ARGS,
        tags=["ingest"],
    ) as dag:
        land_and_stage(source.name)
    return dag


for _source in load_sources().values():
    if _source.enabled and _source.hooks:
        globals()[f"ingest_{_source.name}_hooks"] = ingest_hooks(_source)
