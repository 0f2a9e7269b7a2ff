"""The pages inside Airflow: who may come in, what a page is given, and what every answer carries.

Every request is somebody's (else 401), who may read a page when they may read the DAG that it tells of, and may change
what it shows when they may run the DAG that carries the change out (else 403). A change is a form's POST from a page of
this same server: what another site sends along with the browser's cookie is refused. Pages have no script at all, and
say so to the browser.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from psycopg.rows import dict_row
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from include.pages import words
from include.reports.page import SORT, script_source
from include.settings import SQL
from include.warehouse.connection import Warehouse

log = logging.getLogger(__name__)

LARGEST_FORM = 64 * 1024
LONGEST_FIELD = 1000
# A page that takes longer is of no use, and would keep the warehouse from its work.
PATIENCE = "15s"
ROWS = 50  # a page of a list

Row = dict[str, Any]
Right = Literal["read", "run"]

_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    # with no referrer at all, browsers would not tell where a form comes from either
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'self'"
)
# Great Expectations' pages have a style file beside them.
DOCS_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none';"
    " frame-ancestors 'self'"
)
# For what was written elsewhere: it is shown, and can do nothing.
_FOREIGN_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none';"
    " frame-ancestors 'self'; sandbox"
)
# A report's own script sorts its tables, and nothing else runs; nor does it belong to this server while it is shown.
_REPORT_POLICY = (
    f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src '{script_source(SORT)}';"
    " form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox allow-scripts"
)


@dataclass(frozen=True)
class Visitor:
    """Who asks: their name, for the books, and what the surroundings know them by."""

    name: str
    user: Any = field(default=None, repr=False)


@dataclass(frozen=True)
class Surroundings:
    """What the pages are given by where they run.

    :param identify: who a request is from; None when nobody knows.
    :param may: whether somebody may read or run the DAG of a name.
    :param trigger: starts a run of a DAG with a configuration, in somebody's name; returns the run's id.
    :param warehouse: the warehouse.
    :param reports: the folder that the paths of ops.report_edition are under.
    :param data_docs: the folder of Great Expectations' data docs.
    """

    identify: Callable[[Request], Awaitable[Visitor | None]]
    may: Callable[[Visitor, Right, str], bool]
    trigger: Callable[[Visitor, str, dict[str, Any]], str]
    warehouse: Callable[[], Warehouse]
    reports: Path
    data_docs: Path


class Refused(Exception):
    """What was asked for cannot be; the text says why, and what to do."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


@dataclass(frozen=True)
class Visit:
    """One request, with all that its page needs.

    :param base: the address that the pages are mounted at.
    :param query: of the address; the last value of each name.
    :param form: what was sent, every value of each name.
    """

    visitor: Visitor
    around: Surroundings
    base: str
    path: Mapping[str, Any]
    query: Mapping[str, str]
    form: Mapping[str, Sequence[str]]
    _connection: psycopg.Connection | None = None

    @property
    def connection(self) -> psycopg.Connection:
        """To the warehouse, in one transaction, which reads only unless the page is for a change."""
        assert self._connection, "only a page that belongs to a DAG asks the warehouse"
        return self._connection

    def rows(self, name: str, **values: Any) -> list[Row]:
        """The rows of the query in sql/page of a name."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(_statement(name), values).fetchall()

    def row(self, name: str, **values: Any) -> Row:
        """The one row of a query; refused with 404 when there is none."""
        found = self.rows(name, **values)
        if not found:
            raise Refused(404, "There is no such thing here; it may have gone since the list was made.")
        return found[0]

    def may_run(self, dag_id: str) -> bool:
        return self.around.may(self.visitor, "run", dag_id)

    def asked(self, name: str, allowed: Sequence[str] = ()) -> str:
        """A value of the address; empty when it is not given, or not one of those allowed."""
        value = self.query.get(name, "").strip()[:LONGEST_FIELD]
        return value if not allowed or value in allowed else ""

    def number_asked(self, name: str) -> int | None:
        """A number of the address; None when it is none."""
        return _number(self.query.get(name, ""))

    def sent(self, name: str, what: str = "") -> str:
        """A field of the form, without spaces around it.

        :param what: what to ask for when it is empty; it may be empty when this is.
        """
        value = (self.form.get(name) or [""])[-1].strip()
        if what and not value:
            raise Refused(400, f"{what} is missing.")
        if len(value) > LONGEST_FIELD:
            raise Refused(400, f"{what or name} is longer than {LONGEST_FIELD} characters.")
        return value

    def numbers_sent(self, name: str = "number") -> list[int]:
        """The numbers that were ticked; refused when there are none."""
        found = [number for value in self.form.get(name, ()) if (number := _number(value)) is not None]
        if not found:
            raise Refused(400, "Nothing was chosen: tick a row first.")
        return found

    def show(self, template: str, /, status: int = 200, refresh_seconds: int | None = None, **values: Any) -> Response:
        """A page out of a template in this folder.

        :param refresh_seconds: after so long the browser loads it anew.
        """
        done = words.DONE.get(self.query.get("done", ""))
        text = (
            _environment()
            .get_template(f"{template}.html.j2")
            .render(base=self.base, visitor=self.visitor.name, done=done, query=self.query, **values)
        )
        headers = _HEADERS | {"content-security-policy": _POLICY}
        if refresh_seconds:
            headers["refresh"] = str(refresh_seconds)
        return Response(text, status, headers, "text/html; charset=utf-8")

    def go(self, path: str, **query: Any) -> Response:
        """To another page, after a change: loading that again changes nothing."""
        asked = f"?{urlencode(query)}" if query else ""
        return RedirectResponse(f"{self.base}/{path}{asked}", 303, _HEADERS)

    def foreign(self, html: str) -> Response:
        """HTML that somebody else wrote: shown, with no script, no network and an origin of its own."""
        headers = _HEADERS | {"content-security-policy": _FOREIGN_POLICY}
        return Response(html, 200, headers, "text/html; charset=utf-8")

    def file(self, folder: Path, path: str | Path, name: str = "", *, policy: str = _REPORT_POLICY) -> Response:
        """A file under a folder, shown as a report, or to be kept under a name.

        :param policy: what the browser lets it do.
        """
        whole = inside(folder, path)
        if not whole:
            raise Refused(404, "The file is not there any more.")
        headers = _HEADERS | {"content-security-policy": policy}
        return FileResponse(whole, 200, headers, filename=name or None)


Handler = Callable[[Visit], Response]


@dataclass(frozen=True)
class Page:
    """A route: what it answers with, and which DAG somebody must be able to read, or to run for a change.

    ``dag_id`` is empty for what anybody who is logged in may have.
    """

    path: str
    handler: Handler
    dag_id: str
    right: Right = "read"


def make_app(around: Surroundings) -> ASGIApp:
    """The app with all pages, to be mounted at some address."""
    from include.pages import actions, customers, quality, reports, sources, today

    pages = [
        Page("/", lambda visit: visit.go("today"), ""),
        Page("/style.css", lambda visit: _own_file("style.css", "text/css"), ""),
        Page("/icon.svg", lambda visit: _own_file("icon.svg", "image/svg+xml"), ""),
        *(page for module in (reports, actions, customers, quality, sources, today) for page in module.PAGES),
    ]
    return _Guard(around, Router([_route(around, page) for page in pages], redirect_slashes=False))


class _Guard:
    """Lets nobody in whom nobody knows, and no change that comes from another site."""

    def __init__(self, around: Surroundings, router: Router) -> None:
        self._around, self._router = around, router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        visitor = await self._around.identify(request)
        if visitor is None:
            answer: ASGIApp = _plain(401, "Log in to Airflow first, then load this page again.")
        elif request.method not in ("GET", "HEAD", "POST"):
            answer = _plain(405, "Pages are read with GET and changed with POST.")
        elif request.method == "POST" and not _is_from_here(request):
            answer = _plain(403, "This change was asked for by another site, or by a browser that does not say which.")
        else:
            scope["crm.visitor"] = visitor
            answer = self._router
        await answer(scope, receive, send)


def _is_from_here(request: Request) -> bool:
    """Whether a change comes from one of these pages, or from somebody who gives their own token with it."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return True  # no site makes a browser send that to another
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("origin", ""))
    return bool(origin.netloc) and origin.netloc == request.headers.get("host")


def _route(around: Surroundings, page: Page) -> Route:
    async def answer(request: Request) -> Response:
        visitor: Visitor = request.scope["crm.visitor"]
        form: Mapping[str, Sequence[str]] = {}
        try:
            if page.right == "run":
                form = await _form(request)
            return await run_in_threadpool(_answer, around, page, request, visitor, form)
        except Refused as refused:
            return _plain(refused.status, refused.why)

    return Route(page.path, answer, methods=["POST" if page.right == "run" else "GET"])


def _answer(
    around: Surroundings, page: Page, request: Request, visitor: Visitor, form: Mapping[str, Sequence[str]]
) -> Response:
    visit = Visit(
        visitor, around, request.scope.get("root_path", ""), request.path_params, dict(request.query_params), form
    )
    try:
        if not page.dag_id:
            return page.handler(visit)
        if not around.may(visitor, page.right, page.dag_id):
            wish = "change this" if page.right == "run" else "see this"
            raise Refused(403, f"You may not {wish}: it takes the right to {page.right} the DAG {page.dag_id}.")
        with around.warehouse().connect() as connection:
            connection.execute("select set_config('statement_timeout', %s, false)", [PATIENCE])
            connection.commit()
            connection.read_only = page.right == "read"
            with connection.transaction():
                return page.handler(replace(visit, _connection=connection))
    except Refused as refused:
        return visit.show("refused", refused.status, why=refused.why)
    except psycopg.errors.QueryCanceled:
        return visit.show("refused", 503, why="The warehouse took too long; try again when it is less busy.")
    except psycopg.DataError:
        return visit.show("refused", 400, why="What was asked for has a character or a number that nothing here has.")
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
        log.error("A page could not be made: %s", error)
        return visit.show("refused", 503, why="The warehouse is not up to date: ./crm up, or a load, makes its tables.")
    except psycopg.OperationalError as error:
        log.error("The warehouse does not answer: %s", str(error).partition("\n")[0])
        return visit.show("refused", 503, why="The warehouse does not answer; ./crm doctor says what is wrong.")


async def _form(request: Request) -> Mapping[str, Sequence[str]]:
    """The fields of a form, read no further than is allowed."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise Refused(415, "Send a form.")
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST_FORM:
                raise Refused(413, "The form is too large.")
    except ClientDisconnect:
        raise Refused(400, "The form broke off.") from None
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=1000, errors="strict")
    except ValueError:
        raise Refused(400, "The form cannot be read.") from None


def inside(folder: Path, path: str | Path) -> Path | None:
    """The file at a path under a folder; None when it is not there, or leads out of it."""
    root = folder.resolve()
    try:
        whole = (root / path).resolve()
    except ValueError:  # no file has such a name
        return None
    return whole if whole.is_relative_to(root) and whole.is_file() else None


def now() -> datetime:
    return datetime.now(UTC)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


@cache
def _statement(name: str) -> bytes:
    return (SQL / "page" / f"{name}.sql").read_bytes()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"words": words, "urlencode": urlencode}
    environment.filters |= words.FILTERS
    return environment


def _own_file(name: str, media_type: str) -> Response:
    headers = _HEADERS | {"cache-control": "private, max-age=300"}
    return FileResponse(Path(__file__).parent / name, 200, headers, media_type)


def _plain(status: int, text: str) -> Response:
    return PlainTextResponse(text + "\n", status, _HEADERS | {"content-security-policy": _POLICY})
