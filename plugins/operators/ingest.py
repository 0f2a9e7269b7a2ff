"""The steps of an ingest DAG."""

from airflow.sdk.exceptions import AirflowSkipException

from plugins.hooks.source import SourceHook
from plugins.operators.day import DayOperator
from plugins.operators.links import PagesLink, pages_url


class _SourceOperator(DayOperator):
    """
    What the steps of an ingest DAG have in common.

    :param source: name of the source, a file in include/config/sources.
    """

    def __init__(self, *, source: str, **kwargs) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.pages = ""


class LandSourceOperator(_SourceOperator):
    """
    Pull a day of a source into raw, every entity; returns the counts.

    Run again, it adds nothing; an entity that fails does not hold back the others, but fails the task at the end.
    """

    ui_color = "#dbeafe"

    def execute(self, context) -> dict[str, int]:
        from include.ingest import land_source
        from include.sources.config import load_source

        source = load_source(self.source)
        counts = land_source(
            self.warehouse,
            source,
            self.window,
            SourceHook(source.connection).get_conn(),
            run_ref=context["run_id"],
            progress=lambda entity, step, count: self.log.info("%s: %s %s", entity, step, f"{count:,}"),
        )
        return counts.as_dict()


class StageSourceOperator(_SourceOperator):
    """
    Run the expectations on what landed; good rows to staging, bad rows to quarantine; returns the counts.

    A critical table rule that fails stops its entity: nothing of that load is staged, and the task fails.
    """

    ui_color = "#dcfce7"
    operator_extra_links = (PagesLink("Validation"),)

    def execute(self, context) -> dict[str, int]:
        from include.ingest import stage_source
        from include.sources.config import load_source

        self.pages = pages_url(f"sources/{self.source}")
        counts = stage_source(self.warehouse, load_source(self.source), self.window)
        self.log.info("%s", counts)
        return counts.as_dict()


class PublishDayOperator(_SourceOperator):
    """
    Publish the day of a source, good or failed: one broken vendor does not hold everything back.

    The source that completes the day publishes it downstream; for the others the task is skipped, its log saying which
    sources the day still waits for. Returns whether the source's own day is whole; the reports name those that are not.
    """

    ui_color = "#fef9c3"

    def execute(self, context) -> bool:
        from include.ingest import publish_day
        from include.sources.config import load_source, load_sources
        from include.warehouse.releases import release_sources

        is_whole = publish_day(self.warehouse, load_source(self.source), self.window)
        enabled = [source.name for source in load_sources().values() if source.enabled]
        waits_for = release_sources(
            self.warehouse, self.window.first_day, enabled, f"{self.source} {context['run_id']}"
        )
        if waits_for:
            raise AirflowSkipException(f"Published. Before it goes on, the day waits for {', '.join(waits_for)}.")
        return is_whole
