"""The step that renders reports and puts those that go out into the outbox."""

from datetime import UTC, datetime

from airflow.sdk import BaseOperatorLink

from include.reports.config import Period, ReportName
from include.window import Window
from plugins.operators.day import DayOperator

PAGES = "/crm/pages/reports/"


class ReportLink(BaseOperatorLink):
    """From the task to the page that it made, in the first language."""

    name = "Report"

    def get_link(self, operator, *, ti_key) -> str:
        return operator.opened_at  # asked in the task's own process, after it has run


class RenderReportOperator(DayOperator):
    """
    Render the report of a subject for a day, week or month; returns the paths of the pages, one a language.

    Who gets it is in include/config/reports.yaml: what goes out is put into the outbox when the window is fresh.

    :param subject: summary, sales, service or customers.
    :param period: daily, weekly or monthly.
    :param sources: the sources that the report covers.
    :param day: the first business day of the window, ``2026-11-22``. (templated)
    :param warehouse_conn_id: the warehouse's connection.
    """

    ui_color = "#fee2e2"
    operator_extra_links = (ReportLink(),)

    def __init__(self, *, subject: ReportName, sources: list[str], period: Period = "daily", **kwargs) -> None:
        super().__init__(**kwargs)
        self.subject = subject
        self.period = period
        self.sources = sources
        self.opened_at = ""

    @property
    def window(self) -> Window:
        day = super().window.first_day
        return {"daily": Window.day, "weekly": Window.week, "monthly": Window.month}[self.period](day)

    def execute(self, context) -> list[str]:
        from include.actions.config import load_outbox_config
        from include.reports.config import check_channels, load_reports_config
        from include.reports.delivery import propose_reports
        from include.reports.render import render_all
        from include.settings import REPORTS
        from include.warehouse.marts import may_be_told

        config, outbox = load_reports_config(), load_outbox_config()
        check_channels(config, outbox)
        plan = config.plan(self.period)
        if plan is None:
            raise ValueError(f"include/config/reports.yaml has no {self.period} reports")
        editions = render_all(
            self.warehouse, self.subject, self.window, self.sources, REPORTS, plan.formats, plan.languages
        )
        for edition in editions:
            self.log.info("%s edition: %s", "New" if edition.is_new else "Same", edition.path)
        self.opened_at = f"{pages_url()}{editions[0].edition_id}"
        now = datetime.now(UTC)
        if may_be_told(self.window, now):
            with self.warehouse.connect() as connection:
                done = propose_reports(connection, outbox, config.brand, plan.mail, editions, REPORTS, now, pages_url())
            self.log.info("To send: %s", done)
        return [str(edition.path) for edition in editions]


def pages_url() -> str:
    """Where the pages in Airflow open an edition; its number comes after it."""
    from airflow.configuration import conf

    return str(conf.get("api", "base_url", fallback="")).rstrip("/") + PAGES
