"""
### Render window

Renders a report of any days, by hand: trigger it with the subject, the days, the languages and the formats. So do the
pages of reports in this UI, and `./crm report` without Airflow. It is mailed to whom `send_to` names, through the
outbox.

Output: `<reports>/<subject>/<window>/<checksum>.html`, listed in `ops.report_edition`.
"""

from airflow.sdk import Param, dag, task

from plugins.dag_defaults import DEFAULT_ARGS, START

DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


@dag(
    schedule=None,
    start_date=START,
    catchup=False,
    is_paused_upon_creation=False,  # it runs when somebody asks for it, and sends what they ask for
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
        "sources": Param([], type="array", items={"type": "string"}, title="Sources", description="all unless named"),
        "send_to": Param([], type="array", items={"type": "string"}, title="Send to", description="e-mail addresses"),
        "occasion": Param(
            "", type="string", title="Occasion", description="of one occasion a report is mailed once; each run is one"
        ),
        "attach": Param(
            [], type="array", items={"type": "string", "enum": ["html", "pdf", "xlsx"]}, title="Attach to the mail"
        ),
    },
    tags=["reports"],
)
def render_window():
    @task
    def render(params: dict, run_id: str) -> list[str]:
        """Render and keep the report, and put the mails into the outbox; returns the paths of the pages."""
        from include.config_files import ConfigError
        from include.reports.by_hand import render_by_hand, send_by_hand
        from plugins.hooks.warehouse import WarehouseHook
        from plugins.operators.links import pages_url

        if not params["first_day"] or not params["last_day"]:
            raise ConfigError("first_day and last_day are needed, each like 2026-11-22")
        warehouse = WarehouseHook().warehouse
        editions = render_by_hand(
            warehouse,
            params["subject"],
            params["first_day"],
            params["last_day"],
            ",".join(params["formats"]),
            params["sources"],
            ",".join(params["languages"]),
        )
        if params["send_to"]:
            send_by_hand(
                warehouse,
                editions,
                params["send_to"],
                params["attach"],
                pages_url("reports/"),
                params["occasion"] or run_id,
            )
        return [str(edition.path) for edition in editions]

    render()  # type: ignore[call-arg, misc]  # params comes from Airflow


render_window()
