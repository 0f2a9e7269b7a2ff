"""Today so far: the pipeline, the queue, promises about to be broken and the last loads, made anew every minute."""

from starlette.responses import Response

from include.actions.outbox import counts
from include.pages.app import Page, Visit, now
from include.settings import TIMEZONE
from include.window import Window

READ = "render_reports"
MOST = 20
REFRESH_SECONDS = 60
LOADS = 10


def show_today(visit: Visit) -> Response:
    at = now()
    today = Window.day(at.astimezone(TIMEZONE).date())
    deals, queue = visit.rows("today_deals"), visit.rows("today_queue")
    totals: dict[str, dict] = {}
    for row in deals:
        total = totals.setdefault(row["currency"], {"open_deals": 0, "amount": 0, "weighted_amount": 0})
        for name in total:
            total[name] += row[name]
    # who reads slowly, or by ear, can have it stand still
    is_still = visit.asked("still") == "yes"
    return visit.show(
        "today",
        refresh_seconds=None if is_still else REFRESH_SECONDS,
        is_still=is_still, now=at, today=today.first_day, figures=visit.row("today_figures", day_start=today.start),
        deals=deals, totals=totals, queue=queue,
        promises=visit.rows("today_promises", most=MOST), outbox=counts(visit.connection),
        loads=visit.rows("loads", source="", before=None, most=LOADS),
    )  # fmt: skip


PAGES = (Page("/today", show_today, READ),)
