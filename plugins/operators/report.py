"""The step that renders the reports of a period and puts those that go out into the outbox."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from include.reports.config import Period
from include.window import Window
from plugins.operators.day import DayOperator
from plugins.operators.links import PagesLink, pages_url


class RenderReportsOperator(DayOperator):
    """
    Render the reports of a day, week or month; returns the paths of the pages, by report and language.

    Which reports, in which languages and formats, and who gets them, is in include/config/reports.yaml. What goes out
    is put into the outbox when the window is fresh.

    :param period: daily, weekly or monthly.
    :param sources: the sources that the reports cover.
    :param day: the first business day of the window, ``2026-11-22``. (templated)
    :param warehouse_conn_id: the warehouse's connection.
    """

    ui_color = "#fee2e2"
    operator_extra_links = (PagesLink("Reports"),)

    def __init__(self, *, period: Period, sources: list[str], **kwargs) -> None:
        super().__init__(**kwargs)
        self.period = period
        self.sources = sources
        self.pages = ""

    @property
    def window(self) -> Window:
        day = super().window.first_day
        return {"daily": Window.day, "weekly": Window.week, "monthly": Window.month}[self.period](day)

    def execute(self, context) -> list[str]:
        from include.actions.config import load_outbox_config
        from include.reports.config import check_channels, load_reports_config
        from include.reports.delivery import propose_reports
        from include.reports.errors import ReportsFailedError
        from include.reports.render import render_all
        from include.settings import FRESH_HOURS, REPORTS
        from include.warehouse.marts import may_be_told

        config, outbox = load_reports_config(), load_outbox_config()
        check_channels(config, outbox)
        plan = config.plan(self.period)
        if plan is None:
            raise ValueError(f"include/config/reports.yaml has no {self.period} reports")
        window = self.window
        failed = None
        try:
            editions = render_all(
                self.warehouse, plan.subjects, window, self.sources, REPORTS, plan.formats, plan.languages
            )
        except ReportsFailedError as error:  # what could be made goes out; the task fails at the end
            editions, failed = error.editions, error
        for edition in editions:
            self.log.info("%s edition: %s", "New" if edition.is_new else "Same", edition.path)
        days = {"first_day": str(window.first_day), "last_day": str(window.last_day)}
        self.pages = pages_url(f"reports?{urlencode(days)}")
        now = datetime.now(UTC)
        if may_be_told(window, now):
            with self.warehouse.connect() as connection:
                done = propose_reports(
                    connection, outbox, config.brand, plan.mail, editions, REPORTS, now, pages_url("reports/")
                )
            self.log.info("To send: %s", done)
        elif plan.mail:
            self.log.info("Nothing is mailed: the window ended more than %s hours ago.", FRESH_HOURS)
        if failed:
            raise failed
        return [str(edition.path) for edition in editions]
