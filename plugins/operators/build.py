"""The steps that build core and marts."""

from dataclasses import asdict
from datetime import UTC, datetime

from airflow.sdk.exceptions import AirflowSkipException

from include.subjects import Subject
from plugins.operators.day import DayOperator


class BuildMartsOperator(DayOperator):
    """
    Build a subject's marts for a day; a fresh day also settles the days that late facts marked.

    :param subject: sales, service or customers.
    :param day: the business day, ``2026-11-22``. (templated)
    :param warehouse_conn_id: the warehouse's connection.
    """

    ui_color = "#ede9fe"

    def __init__(self, *, subject: Subject, **kwargs) -> None:
        super().__init__(**kwargs)
        self.subject = subject

    def execute(self, context) -> dict:
        from include.warehouse.marts import build_marts, is_fresh

        # a backfill is told by the age of its window, not by the type of its run
        settle = is_fresh(self.window, datetime.now(UTC))
        built = build_marts(self.warehouse, self.subject, self.window, settle=settle)
        return asdict(built)


class PublishMartsOperator(DayOperator):
    """
    Publish a day's marts to the reports; skipped unless this run completed the day.

    :param day: the business day, ``2026-11-22``. (templated)
    :param warehouse_conn_id: the warehouse's connection.
    """

    ui_color = "#fef9c3"

    def execute(self, context) -> None:
        from include.warehouse.releases import release_marts

        asking = f"{context['dag'].dag_id} {context['run_id']}"
        waits_for = release_marts(self.warehouse, self.window.first_day, asking)
        if waits_for:
            raise AirflowSkipException(f"Before it goes on, the day waits for {', '.join(waits_for)}.")
