"""Reports: every edition that was kept, to open and to take away, and a window to be rendered now."""

import re
import secrets
from datetime import date
from pathlib import Path
from typing import Any

from starlette.responses import Response

from include.pages.app import ROWS, Page, Refused, Row, Visit, inside
from include.reports.differences import since_the_one_before
from include.window import Window

READ, RENDER = "render_reports", "render_window"
SUBJECTS = ("summary", "customers", "sales", "service")
LANGUAGES = {"en": "English", "zh": "Chinese"}
# the page first, and what may be beside it
FORMATS = ("html", "pdf", "xlsx")
ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")


def list_editions(visit: Visit) -> Response:
    first, last = _day(visit.asked("first_day")), _day(visit.asked("last_day"))
    found = visit.rows(
        "editions",
        subject=visit.asked("subject", SUBJECTS),
        language=visit.asked("language", tuple(LANGUAGES)),
        window_start=Window.day(first).start if first else None,
        window_end=Window.day(last).end if last else None,
        after=visit.number_asked("after"),
        most=ROWS + 1,
    )
    editions = found[:ROWS]
    groups: list[tuple[Row, list[Row]]] = []
    for edition in editions:
        edition["formats"] = _formats(visit, edition["path"])
        key = (edition["window_end"], edition["window_start"])
        if not groups or (groups[-1][0]["window_end"], groups[-1][0]["window_start"]) != key:
            groups.append((edition, []))
        groups[-1][1].append(edition)
    kept = {name: visit.asked(name) for name in ("subject", "language", "first_day", "last_day") if visit.asked(name)}
    return visit.show(
        "reports", groups=groups, subjects=SUBJECTS, languages=LANGUAGES, kept=kept,
        after=editions[-1]["edition_id"] if len(found) > ROWS else None, may_render=visit.may_run(RENDER),
    )  # fmt: skip


def show_edition(visit: Visit) -> Response:
    edition = visit.row("edition", edition_id=visit.path["number"])
    siblings = visit.rows("edition_siblings", edition_id=edition["edition_id"])
    for one in siblings:
        one["formats"] = _formats(visit, one["path"])
    return visit.show(
        "edition", edition=edition, siblings=siblings, formats=_formats(visit, edition["path"]), all_formats=FORMATS,
        languages=LANGUAGES, differences=since_the_one_before(visit.connection, edition["path"]),
        may_render=visit.may_run(RENDER), once=secrets.token_hex(8),
    )  # fmt: skip


def open_edition(visit: Visit) -> Response:
    edition = visit.row("edition", edition_id=visit.path["number"])
    return visit.file(visit.around.reports, edition["path"])


def download_edition(visit: Visit) -> Response:
    edition, wanted = visit.row("edition", edition_id=visit.path["number"]), visit.path["format"]
    if wanted not in FORMATS:
        raise Refused(404, f"There is no format {wanted}; there is {', '.join(FORMATS)}.")
    window = Window(edition["window_start"], edition["window_end"])
    name = f"{edition['subject']}-{window.label}-{edition['checksum'][:8]}.{wanted}"
    return visit.file(visit.around.reports, Path(edition["path"]).with_suffix(f".{wanted}"), name)


def render_window(visit: Visit) -> Response:
    subject, language = visit.sent("subject", "The subject"), visit.sent("language") or "en"
    first, last = _day(visit.sent("first_day", "The first day")), _day(visit.sent("last_day", "The last day"))
    formats = [name for name in FORMATS[1:] if name in visit.form.get("formats", ())]
    if subject not in SUBJECTS or language not in LANGUAGES:
        raise Refused(400, "There is no such report, or it is not made in this language.")
    if not first or not last or last < first:
        raise Refused(400, "The first day and the last day must be days, in this order.")
    conf: dict[str, Any] = {
        "subject": subject, "first_day": str(first), "last_day": str(last), "formats": ["html", *formats],
        "languages": [language],
    }  # fmt: skip
    visit.around.trigger(visit.visitor, RENDER, conf)
    return visit.go("reports", done="render")


def send_edition(visit: Visit) -> Response:
    """Render the edition's window again and send it: without newer data that is this very edition."""
    edition = visit.row("edition", edition_id=visit.path["number"])
    addresses = [part for part in visit.sent("to", "The address").replace(",", " ").split() if part]
    if not addresses:
        raise Refused(400, "The address is missing.")
    if bad := [address for address in addresses if not ADDRESS.fullmatch(address)]:
        raise Refused(400, f"{bad[0]} is no e-mail address.")
    attached = [name for name in FORMATS if name in visit.form.get("attach", ())]
    window = Window(edition["window_start"], edition["window_end"])
    conf: dict[str, Any] = {
        "subject": edition["subject"], "first_day": str(window.first_day), "last_day": str(window.last_day),
        "formats": ["html", *(name for name in attached if name != "html")], "languages": [edition["language"]],
        "sources": edition["sources"], "send_to": addresses, "attach": attached,
        # a form that is sent twice, as by a double click, mails once
        "occasion": visit.sent("once", "The form's own number"),
    }  # fmt: skip
    visit.around.trigger(visit.visitor, RENDER, conf)
    return visit.go(f"reports/{edition['edition_id']}", done="send")


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 < day.year < 2200 else None


def _formats(visit: Visit, path: str) -> list[str]:
    """The formats of an edition whose files are there."""
    return [name for name in FORMATS if inside(visit.around.reports, Path(path).with_suffix(f".{name}"))]


PAGES = (
    Page("/reports", list_editions, READ),
    Page("/reports/{number:int}", show_edition, READ),
    Page("/reports/{number:int}/page", open_edition, READ),
    Page("/reports/{number:int}/download/{format}", download_edition, READ),
    Page("/reports/render", render_window, RENDER, "run"),
    Page("/reports/{number:int}/send", send_edition, RENDER, "run"),
)
