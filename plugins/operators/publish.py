"""The step that publishes a table to another database."""

from dataclasses import asdict
from datetime import UTC, datetime

from airflow.sdk.exceptions import AirflowSkipException

from plugins.hooks.database import DatabaseHook
from plugins.operators.day import DayOperator


class PublishTableOperator(DayOperator):
    """
    Bring a publication's table in another database up to date, in one transaction; returns the counts.

    What is published is the warehouse as it is now. So a past day's run, as of a backfill, is skipped: it would only
    publish the same again.

    :param publication: name of the publication, in include/config/publish.yaml.
    :param day: the business day of the run, ``2026-11-22``; empty in a run by hand, which always publishes. (templated)
    :param warehouse_conn_id: the warehouse's connection.
    """

    ui_color = "#ffedd5"

    def __init__(self, *, publication: str, day: str = "{{ partition_key or '' }}", **kwargs) -> None:
        super().__init__(day=day, **kwargs)
        self.publication = publication

    def execute(self, context) -> dict[str, int]:
        from include.publish.config import load_publications
        from include.publish.publish import publish
        from include.warehouse.marts import is_fresh

        if self.day and not is_fresh(self.window, datetime.now(UTC)):
            raise AirflowSkipException("A past day changes nothing of what is published: the next fresh day does it.")
        publication = load_publications()[self.publication]
        published = publish(
            self.warehouse,
            self.publication,
            publication,
            DatabaseHook(publication.connection).get_conn(),
        )
        self.log.info("%s: %s", publication.to, published)
        return asdict(published)
