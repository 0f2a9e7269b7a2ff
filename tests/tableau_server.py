"""A stand-in on loopback for Tableau's REST interface: what signing in, projects, publishing and refreshing take of it.

After Tableau's reference (REST API 3.x): XML in ``http://tableau.com/api``, a token in ``X-Tableau-Auth``, files as
``multipart/mixed``, those over 64 MB in parts; errors as ``<tsResponse><error code=…>``.
"""

import email.parser
import email.policy
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

NAMESPACE = {"t": "http://tableau.com/api"}
LARGEST_REQUEST = 64 * 2**20


@dataclass
class Source:
    """A data source: its files in the order in which they were published, the first one whole."""

    id: str
    name: str
    project: str
    files: list[bytes] = field(default_factory=list)


@dataclass
class Tableau:
    """The server's state."""

    url: str = ""
    login: str = "robot"
    password: str = "right"
    token_name: str = "nightly"
    token: str = "secret-token"
    projects: dict[str, str] = field(default_factory=lambda: {"p0": "default"})
    sources: list[Source] = field(default_factory=list)
    uploads: dict[str, bytes] = field(default_factory=dict)
    jobs: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    sessions: set[str] = field(default_factory=set)
    refresh_fails: bool = False
    loses_answer_to: str | None = None

    def source(self, name: str) -> Source:
        """The one data source of a name."""
        (found,) = [source for source in self.sources if source.name == name]
        return found


class _Refusal(Exception):
    def __init__(self, status: int, code: int, summary: str, detail: str) -> None:
        self.status, self.code, self.summary, self.detail = status, code, summary, detail


@contextmanager
def serving() -> Iterator[Tableau]:
    """The server, on a free port."""
    state = Tableau()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            url = urlsplit(self.path)
            path = re.sub(r"^/api/[\d.]+", "", url.path)
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            state.asked.append(f"{self.command} {path}" + (f"?{url.query}" if url.query else ""))
            try:
                status, told = _answer(state, self.command, path, query, body, self.headers)
            except _Refusal as error:
                status = error.status
                told = (f'<error code="{error.code}"><summary>{error.summary}</summary>'
                        f"<detail>{error.detail}</detail></error>")  # fmt: skip
            if state.loses_answer_to and state.loses_answer_to in self.path:
                state.loses_answer_to = None
                self.close_connection = True
                self.connection.close()
                return
            xml = (f'<?xml version="1.0" encoding="UTF-8"?><tsResponse xmlns="http://tableau.com/api">{told}'
                   "</tsResponse>").encode()  # fmt: skip
            self.send_response(status)
            self.send_header("content-type", "application/xml")
            self.send_header("content-length", str(len(xml)))
            self.end_headers()
            self.wfile.write(xml)

        do_GET = do_POST = do_PUT = answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()


def _answer(
    state: Tableau, method: str, path: str, query: dict[str, str], body: bytes, headers: "email.message.Message"
) -> tuple[int, str]:
    if path.lower() == "/serverinfo":
        return 200, ('<serverInfo><productVersion build="20251.25.0101">2025.1</productVersion>'
                     "<restApiVersion>3.25</restApiVersion></serverInfo>")  # fmt: skip
    if path == "/auth/signin":
        return _sign_in(state, body)
    session = headers.get("x-tableau-auth")
    if session not in state.sessions:
        raise _Refusal(401, 401002, "Unauthorized Access", "Invalid authentication credentials were provided.")
    if path == "/auth/signout":
        state.sessions.discard(session)
        return 204, ""
    site, _, rest = path.removeprefix("/sites/").partition("/")
    assert site == "site-1", path
    if rest == "projects" and method == "GET":
        rows = [f'<project id="{id_}" name={quoteattr(name)}/>' for id_, name in state.projects.items()]
        named = _wanted(query)
        rows = [row for row, name in zip(rows, state.projects.values(), strict=True) if named in (None, name)]
        return 200, _page(len(rows)) + f"<projects>{''.join(rows)}</projects>"
    if rest == "projects":
        wanted = _element(body, "project").get("name") or ""
        if wanted in state.projects.values():
            raise _Refusal(409, 409006, "Resource Conflict", "Project name conflict.")
        state.projects[made := f"p{len(state.projects)}"] = wanted
        return 201, f'<project id="{made}" name={quoteattr(wanted)}/>'
    if rest == "fileUploads":
        state.uploads[session_id := uuid.uuid4().hex] = b""
        return 201, f'<fileUpload uploadSessionId="{session_id}"/>'
    if rest.startswith("fileUploads/"):
        if len(body) > LARGEST_REQUEST:
            raise _Refusal(413, 413000, "Request too large", "A part may have 64 MB.")
        parts = _parts(headers["content-type"], body)
        state.uploads[rest.split("/")[1]] += parts["tableau_file"]
        size = len(state.uploads[rest.split("/")[1]]) // 2**20
        return 200, f'<fileUpload uploadSessionId="{rest.split("/")[1]}" fileSize="{size}"/>'
    if rest == "datasources" and method == "GET":
        named = _wanted(query)
        found = [source for source in state.sources if named in (None, source.name)]
        return 200, _page(len(found)) + f"<datasources>{''.join(map(_told(state), found))}</datasources>"
    if rest == "datasources":
        return _publish(state, query, body, headers)
    if match := re.fullmatch(r"datasources/([^/]+)/refresh", rest):
        assert any(source.id == match[1] for source in state.sources)
        state.jobs[job := uuid.uuid4().hex] = 0
        return 202, (f'<job id="{job}" mode="Asynchronous" type="RefreshExtract"'
                     ' createdAt="2026-11-20T08:00:00Z"/>')  # fmt: skip
    if match := re.fullmatch(r"jobs/([^/]+)", rest):
        state.jobs[match[1]] += 1
        if state.jobs[match[1]] < 2:
            return 200, (f'<job id="{match[1]}" mode="Asynchronous" type="RefreshExtract" progress="50"'
                         ' createdAt="2026-11-20T08:00:00Z" finishCode="-1"/>')  # fmt: skip
        code = 1 if state.refresh_fails else 0
        notes = "<statusNotes><statusNote type='x' value='0' text='the warehouse refused'/></statusNotes>"
        return 200, (f'<job id="{match[1]}" mode="Asynchronous" type="RefreshExtract" progress="100"'
                     ' createdAt="2026-11-20T08:00:00Z" startedAt="2026-11-20T08:00:01Z"'
                     f' completedAt="2026-11-20T08:00:02Z" finishCode="{code}"><extractRefreshJob>'
                     f"<notes>the warehouse refused</notes></extractRefreshJob>{notes}</job>")  # fmt: skip
    raise _Refusal(404, 404000, "Not found", path)


def _sign_in(state: Tableau, body: bytes) -> tuple[int, str]:
    told = _element(body, "credentials")
    by_password = (told.get("name"), told.get("password")) == (state.login, state.password)
    by_token = (told.get("personalAccessTokenName"), told.get("personalAccessTokenSecret")) == (
        state.token_name, state.token,
    )  # fmt: skip
    if not (by_password or by_token):
        raise _Refusal(401, 401001, "Signin Error", "Error signing in to Tableau Server")
    state.sessions.add(session := uuid.uuid4().hex)
    return 200, (f'<credentials token="{session}"><site id="site-1" contentUrl=""/><user id="user-1"/></credentials>')


def _publish(state: Tableau, query: dict[str, str], body: bytes, headers: "email.message.Message") -> tuple[int, str]:
    if len(body) > LARGEST_REQUEST:
        raise _Refusal(413, 413000, "Request too large", "A file of more than 64 MB is sent in parts.")
    assert query["datasourceType"] == "hyper"
    parts = _parts(headers["content-type"], body)
    source = _element(parts["request_payload"], "datasource")
    project = source.find("t:project", NAMESPACE)
    assert project is not None
    name, place = source.get("name") or "", project.get("id") or ""
    if place not in state.projects:
        raise _Refusal(404, 404005, "Resource Not Found", f"Project '{place}' could not be found.")
    upload = query.get("uploadSessionId")
    content = state.uploads.pop(upload) if upload else parts["tableau_datasource"]
    there = [one for one in state.sources if (one.name, one.project) == (name, place)]
    overwrite, append = query.get("overwrite") == "true", query.get("append") == "true"
    if append and not there:
        raise _Refusal(404, 404004, "Resource Not Found", f"Datasource '{name}' could not be found.")
    if there and not (overwrite or append):
        raise _Refusal(409, 409016, "Resource Conflict", "A data source with that name exists already.")
    found = there[0] if there else Source(uuid.uuid4().hex, name, place)
    found.files = [*found.files, content] if append else [content]
    if not there:
        state.sources.append(found)
    return 201, _told(state)(found)


def _told(state: Tableau):
    def told(source: Source) -> str:
        return (f'<datasource id="{source.id}" name={quoteattr(source.name)} contentUrl="{source.name}" type="hyper">'
                f'<project id="{source.project}" name={quoteattr(state.projects[source.project])}/>'
                '<owner id="user-1"/><tags/></datasource>')  # fmt: skip

    return told


def _wanted(query: dict[str, str]) -> str | None:
    found = re.fullmatch(r"name:eq:(.*)", unquote(query.get("filter", "")))
    return found[1] if found else None


def _page(total: int) -> str:
    return f'<pagination pageNumber="1" pageSize="100" totalAvailable="{total}"/>'


def _element(body: bytes, name: str) -> ET.Element:
    root = ET.fromstring(body)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        if element.tag == "project":
            element.tag = "{http://tableau.com/api}project"
    found = root.find(f".//{name}") if name != "project" else root.find(".//t:project", NAMESPACE)
    assert found is not None, body[:500]
    return found


def _parts(content_type: str, body: bytes) -> dict[str, bytes]:
    """The parts of a multipart/mixed body, by their names."""
    assert content_type.startswith("multipart/mixed"), content_type
    boundary = b"--" + re.search(r'boundary="?([^";]+)', content_type)[1].encode()  # type: ignore[index]
    found = {}
    for part in body.split(boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        told = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head.lstrip(b"\r\n") + b"\r\n\r\n")
        name = re.search(r'name="?([^";]+)', told["content-disposition"])
        assert name
        found[name[1]] = content.removesuffix(b"\r\n")
    return found
