"""
### Render window

Renders a report of any days, by hand: trigger it with the subject, the days, the languages and the formats. So do the
pages of reports in this UI, and `./crm report` without Airflow. Nothing is mailed.

Output: `<reports>/<subject>/<window>/<checksum>.html`, listed in `ops.report_edition`.
"""

from airflow.sdk import Param, dag, task

from plugins.dag_defaults import DEFAULT_ARGS, START

DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


@dag(
    schedule=None,
    start_date=START,
    catchup=False,
    doc_md=__doc__,
    max_active_runs=2,  # drawing fills a processor
    default_args=DEFAULT_ARGS,
    params={
        "subject": Param("sales", enum=["summary", "customers", "sales", "service"], title="Report"),
        "first_day": Param(None, type=["null", "string"], pattern=DAY, title="First day", description="2026-11-01"),
        "last_day": Param(None, type=["null", "string"], pattern=DAY, title="Last day", description="2026-11-30"),
        "languages": Param(
            ["en"], type="array", items={"type": "string", "enum": ["en", "zh"]}, title="Languages", minItems=1
        ),
        "formats": Param(
            ["html"],
            type="array",
            items={"type": "string", "enum": ["html", "pdf", "xlsx"]},
            title="Formats",
            description="html (always made), pdf, xlsx",
        ),
    },
    tags=["reports"],
)
def render_window():
    @task
    def render(params: dict) -> list[str]:
        """Render and keep the report; returns the paths of the pages."""
        from include.config_files import ConfigError
        from include.reports.by_hand import render_by_hand
        from plugins.hooks.warehouse import WarehouseHook

        if not params["first_day"] or not params["last_day"]:
            raise ConfigError("first_day and last_day are needed, each like 2026-11-22")
        editions = render_by_hand(
            WarehouseHook().warehouse,
            params["subject"],
            params["first_day"],
            params["last_day"],
            ",".join(params["formats"]),
            (),
            ",".join(params["languages"]),
        )
        return [str(edition.path) for edition in editions]

    render()  # type: ignore[call-arg, misc]  # params comes from Airflow


render_window()
