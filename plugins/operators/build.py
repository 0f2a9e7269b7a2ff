"""The steps that build core, marts and reports."""

from dataclasses import asdict
from datetime import UTC, datetime

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from include.settings import WAREHOUSE_CONN_ID
from include.subjects import Subject
from include.window import Window
from plugins.hooks.warehouse import WarehouseHook


class BuildMartsOperator(BaseOperator):
    """
    Build a subject's marts for a day; a fresh day also settles the days that late facts marked.

    :param subject: sales, service or customers.
    :param day: the business day, ``2026-11-22``. (templated)
    :param warehouse_conn_id: the warehouse's connection.
    """

    template_fields = ("day",)
    ui_color = "#ede9fe"

    def __init__(
        self,
        *,
        subject: Subject,
        day: str = "{{ partition_key }}",
        warehouse_conn_id: str = WAREHOUSE_CONN_ID,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.subject = subject
        self.day = day
        self.warehouse_conn_id = warehouse_conn_id

    def execute(self, context) -> dict:
        from include.warehouse.marts import build_marts, is_fresh

        window = Window.day(self.day)
        warehouse = WarehouseHook(self.warehouse_conn_id).warehouse
        # a backfill is told by the age of its window, not by the type of its run
        built = build_marts(warehouse, self.subject, window, settle=is_fresh(window, datetime.now(UTC)))
        return asdict(built)


class PublishMartsOperator(BaseOperator):
    """
    Publish a day's marts to the reports; skipped unless this run completed the day.

    :param day: the business day, ``2026-11-22``. (templated)
    :param warehouse_conn_id: the warehouse's connection.
    """

    template_fields = ("day",)
    ui_color = "#fef9c3"

    def __init__(
        self, *, day: str = "{{ partition_key }}", warehouse_conn_id: str = WAREHOUSE_CONN_ID, **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.day = day
        self.warehouse_conn_id = warehouse_conn_id

    def execute(self, context) -> None:
        from include.warehouse.releases import release_marts

        warehouse = WarehouseHook(self.warehouse_conn_id).warehouse
        asking = f"{context['dag'].dag_id} {context['run_id']}"
        waits_for = release_marts(warehouse, Window.day(self.day).first_day, asking)
        if waits_for:
            raise AirflowSkipException(f"Before it goes on, the day waits for {', '.join(waits_for)}.")


class RenderReportOperator(BaseOperator):
    """
    Render the report of a subject for a day; returns the path of the edition.

    :param subject: sales, service or customers.
    :param sources: the sources that the report covers.
    :param day: the business day, ``2026-11-22``. (templated)
    :param warehouse_conn_id: the warehouse's connection.
    """

    template_fields = ("day",)
    ui_color = "#fee2e2"

    def __init__(
        self,
        *,
        subject: str,
        sources: list[str],
        day: str = "{{ partition_key }}",
        warehouse_conn_id: str = WAREHOUSE_CONN_ID,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.subject = subject
        self.sources = sources
        self.day = day
        self.warehouse_conn_id = warehouse_conn_id

    def execute(self, context) -> str:
        from include.reports.render import render

        edition = render(
            WarehouseHook(self.warehouse_conn_id).warehouse, self.subject, Window.day(self.day), self.sources
        )
        self.log.info("%s edition: %s", "New" if edition.is_new else "Same", edition.path)
        return str(edition.path)
