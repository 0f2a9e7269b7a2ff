"""The route that takes webhooks, served on loopback, and what becomes of what it took: staged rows, each once."""

import hashlib
import hmac
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3
import uvicorn

from include.hooks.app import Door, Limits, make_app
from include.hooks.events import read_events
from include.hooks.receive import Received, receive
from include.ingest import IngestError, land_source, publish_day, stage_source
from include.sandbox.webhooks import crm_headers, desk_headers
from include.sources import SourceConnection
from include.sources import http as source_http
from include.sources.config import Source, load_source
from include.warehouse import webhooks
from include.warehouse.connection import Warehouse
from include.window import Window
from tests import sandbox
from tests.deliveries import rows
from tests.sandbox import Sandbox

SECRET = "s3cret-of-this-test"
JSON = {"content-type": "application/json"}


@dataclass
class Post:
    """The route with its doors, on a free port."""

    url: str
    announced: list[str] = field(default_factory=list)

    def send(self, source: str, body: bytes, headers: dict[str, str] | None = None, **more: Any) -> Any:
        sent = JSON | (headers if headers is not None else signed(body))
        return urllib3.request("POST", f"{self.url}/{source}", body=body, headers=sent, retries=False, **more)

    def wait_announced(self, count: int) -> None:
        deadline = time.monotonic() + 5
        while len(self.announced) < count and time.monotonic() < deadline:
            time.sleep(0.02)


def signed(body: bytes, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    """The plain form, as docs/sources.md has a sender write it."""
    seconds = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return {"x-crm-signature": f"t={seconds},v1={digest}"}


@contextmanager
def serving(
    store: Callable, doors: Callable[[str], dict[str, Door]] | None = None, limits: Limits | None = None
) -> Iterator[Post]:
    """Serve the route in a thread; three doors, one a kind, unless told otherwise."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    post = Post(f"http://127.0.0.1:{listening.getsockname()[1]}")

    def three() -> dict[str, Door]:
        return {
            "sandbox_crm": Door("hubspot", SECRET, f"{post.url}/sandbox_crm"),
            "sandbox_helpdesk": Door("zendesk", SECRET, ""),
            "plain": Door("signed", SECRET, ""),
        }

    app = make_app(lambda: doors(post.url) if doors else three(), store, post.announced.append, limits)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield post
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def post(embedded_warehouse: Warehouse) -> Iterator[Post]:
    with serving(lambda source, number, body: webhooks.store(embedded_warehouse, source, number, body)) as running:
        yield running


def stored(warehouse: Warehouse) -> list[tuple]:
    return rows(warehouse, "select source, convert_from(body, 'utf8'), state from ops.webhook order by webhook_id")


# ---- the route


def test_a_webhook_is_there_when_it_is_answered(post: Post, embedded_warehouse: Warehouse) -> None:
    body = b'{"id": 1}'
    assert post.send("plain", body).status == 200
    assert stored(embedded_warehouse) == [("plain", '{"id": 1}', "waiting")]
    post.wait_announced(1)
    assert post.announced == ["plain"]


@pytest.mark.parametrize(("source", "headers"), [("sandbox_crm", crm_headers), ("sandbox_helpdesk", desk_headers)])
def test_the_vendors_signatures_are_known(
    post: Post, embedded_warehouse: Warehouse, source: str, headers: Callable[[str, str, bytes], dict[str, str]]
) -> None:
    body = b'[{"objectId": 1}]'
    assert post.send(source, body, headers(SECRET, f"{post.url}/{source}", body)).status == 200
    assert post.send(source, body, headers("another", f"{post.url}/{source}", body)).status == 401
    assert [row[0] for row in stored(embedded_warehouse)] == [source]


def test_a_delivery_seen_before_is_answered_alike_and_stored_once(post: Post, embedded_warehouse: Warehouse) -> None:
    body, other = b'{"id": 1}', b'{"id": 2}'
    headers = signed(body)
    answers = [post.send("plain", body, headers) for _ in range(3)] + [post.send("plain", other)]
    assert [(answer.status, answer.data) for answer in answers] == [(200, answers[0].data)] * 4
    assert [row[1] for row in stored(embedded_warehouse)] == ['{"id": 1}', '{"id": 2}']


def test_the_same_body_sent_at_another_time_is_another_delivery(post: Post, embedded_warehouse: Warehouse) -> None:
    # a ticket that changes twice gives the same body of a ticket's id twice: the second one tells something new
    for seconds_ago in (60, 30):
        post.send("plain", b'{"id": 1}', signed(b'{"id": 1}', at=time.time() - seconds_ago))
    assert len(stored(embedded_warehouse)) == 2


def test_whoever_may_not_send_learns_nothing(post: Post, embedded_warehouse: Warehouse) -> None:
    body = b'{"id": 1}'
    refused = [
        post.send("nobody", body),
        post.send("plain", body, {}),
        post.send("plain", body, signed(body, secret="another")),
        post.send("plain", body, signed(b'{"id": 2}')),
        post.send("plain", body, signed(body, at=time.time() - 310)),
        post.send("plain", body, signed(body, at=time.time() + 310)),
        post.send("plain", body, crm_headers(SECRET, f"{post.url}/plain", body)),
        post.send("sandbox_crm", body, signed(body)),
        # signed for another address
        post.send("sandbox_crm", body, crm_headers(SECRET, f"{post.url}/other", body)),
    ]
    told = {(answer.status, answer.data, tuple(k for k in answer.headers if k != "date")) for answer in refused}
    assert len(told) == 1 and next(iter(told))[:2] == (401, b"")
    assert stored(embedded_warehouse) == [] and post.announced == []


def test_other_methods_types_and_encodings_are_refused(post: Post, embedded_warehouse: Warehouse) -> None:
    body = b'{"id": 1}'
    assert urllib3.request("GET", f"{post.url}/plain", retries=False).status == 405
    assert urllib3.request("PUT", f"{post.url}/plain", body=body, headers=JSON, retries=False).status == 405
    assert post.send("plain", body, signed(body) | {"content-type": "text/plain"}).status == 415
    assert post.send("plain", body, signed(body) | {"content-encoding": "gzip"}).status == 415
    assert post.send("plain/more", body).status == post.send("plain/", body).status == 404
    assert post.send("plain", body, signed(body) | {"content-type": "Application/JSON; charset=utf-8"}).status == 200
    assert len(stored(embedded_warehouse)) == 1


def test_a_large_body_is_read_no_further_than_a_megabyte(post: Post, embedded_warehouse: Warehouse) -> None:
    fits, large = b'"' + b"x" * (2**20 - 2) + b'"', b'"' + b"x" * 2**20 + b'"'
    assert post.send("plain", fits).status == 200
    assert post.send("plain", large).status == 413
    assert len(stored(embedded_warehouse)) == 1
    # whoever does not say how much comes is stopped on the way, and whoever says too much before it
    parts = urlsplit(post.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    connection.putrequest("POST", "/plain")
    for name, value in (JSON | {"transfer-encoding": "chunked"}).items():
        connection.putheader(name, value)
    connection.endheaders()
    piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    sent = 0
    try:
        for _ in range(500):  # 32 MB
            connection.send(piece)
            sent += 1
    except OSError:
        pass
    assert sent < 300
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    connection.request("POST", "/plain", headers=JSON | {"content-length": "1048577"})
    assert connection.getresponse().status == 413


def test_a_sender_that_takes_its_time_is_let_go(embedded_warehouse: Warehouse) -> None:
    with serving(lambda *told: None, limits=Limits(body_seconds=0.3)) as post:
        parts = urlsplit(post.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
        started = time.monotonic()
        connection.request("POST", "/plain", headers=JSON | {"content-length": "100"})
        assert connection.getresponse().status == 408
        assert time.monotonic() - started < 3


def test_more_requests_than_allowed_are_put_off() -> None:
    taken = []
    with serving(lambda *told: taken.append(told), limits=Limits(per_second=3)) as post:
        statuses = [post.send("plain", b"%d" % number).status for number in range(12)]
        time.sleep(1)
        later = post.send("plain", b"12")
    assert statuses[:6] == [200] * 6 and 429 in statuses[6:] and later.status == 200
    assert len(taken) == statuses.count(200) + 1


def test_what_cannot_be_stored_is_asked_for_again(caplog: pytest.LogCaptureFixture) -> None:
    def store(*told: Any) -> None:
        raise OSError("connection to server failed")

    with serving(store) as post:
        answer = post.send("plain", b"{}")
        assert (answer.status, answer.data, answer.headers["retry-after"]) == (503, b"", "30")
        assert post.announced == []
    assert "connection to server failed" in caplog.text


def test_sources_that_cannot_be_read_shut_no_door_that_was_open(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def doors(url: str) -> dict[str, Door]:
        asked.append(url)
        if len(asked) != 2:
            raise OSError("no database")
        return {"plain": Door("signed", SECRET, "")}

    monkeypatch.setattr("include.hooks.app.DOORS_KEPT_SECONDS", 0.0)
    with serving(lambda *told: None, doors) as post:
        assert [post.send("plain", b"%d" % n).status for n in range(4)] == [503, 200, 200, 200]
    assert len(asked) == 4


def test_a_burst_is_announced_once(post: Post) -> None:
    for number in range(20):
        assert post.send("plain", b"%d" % number).status == 200
    post.wait_announced(1)
    time.sleep(0.7)
    assert 1 <= len(post.announced) <= 2


# ---- what becomes of it: whole records


def hooked(**entities: dict) -> Source:
    """The sandbox's CRM, with webhooks in the plain form that hold whole records."""
    source = load_source("sandbox_crm").model_dump(exclude_none=True)
    for name, entity in source["entities"].items():
        entity.pop("name")
        source["entities"][name] = entity
    return Source.model_validate(source | {"hooks": {"kind": "signed", "entities": entities}})


WHOLE = {"contacts": {"records": "contacts"}, "companies": {"records": "companies"}}
NOWHERE = SourceConnection("http://127.0.0.1:9")


def contact(key: str, at: str, **properties: str) -> dict:
    known = {"lastmodifieddate": at, "firstname": "Ada", "email": f"{key}@example.com"}
    return {"id": key, "properties": known | properties, "archived": False}


def deliver(warehouse: Warehouse, source: str, *bodies: object) -> None:
    """Store webhooks as the route does."""
    for body in bodies:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        number = hashlib.blake2b(text + str(time.monotonic_ns()).encode(), digest_size=16).hexdigest()
        webhooks.store(warehouse, source, number, text)  # type: ignore[arg-type]


def states(warehouse: Warehouse) -> list[tuple]:
    return rows(warehouse, "select state, detail from ops.webhook order by webhook_id")


def test_twice_and_out_of_order_is_one_row_a_version(embedded_warehouse: Warehouse) -> None:
    source = hooked(**WHOLE)
    old = contact("1", "2026-11-02T10:00:00Z", firstname="Ada")
    new = contact("1", "2026-11-02T11:00:00Z", firstname="Bea")
    deliver(embedded_warehouse, "sandbox_crm", {"contacts": [new]}, {"contacts": [old]}, {"contacts": [old, new]})
    received = receive(embedded_warehouse, source, NOWHERE)
    assert received == Received(
        webhooks=3, counts=type(received.counts)(received=4, inserted=2, unchanged=2, validated=2, staged=2)
    )
    deliver(embedded_warehouse, "sandbox_crm", {"contacts": new})  # and one record that is no list
    assert receive(embedded_warehouse, source, NOWHERE).counts.unchanged == 1
    assert rows(embedded_warehouse, "select full_name from staging.sandbox_crm__contacts order by version_at") == [
        ("Ada",), ("Bea",),
    ]  # fmt: skip
    assert states(embedded_warehouse) == [("landed", None)] * 4
    kinds = rows(embedded_warehouse, "select distinct kind, window_end - window_start from ops.load")
    assert kinds == [("hook", timedelta(days=1))]


def test_raw_has_the_text_as_it_came(embedded_warehouse: Warehouse) -> None:
    text = b'{ "id":"1",  "properties": {"lastmodifieddate": "2026-11-02T10:00:00Z", "firstname": "\\u0041da"} }'
    deliver(embedded_warehouse, "sandbox_crm", b'{"sent": 1, "contacts": [ %b ]}' % text)
    receive(embedded_warehouse, hooked(**WHOLE), NOWHERE)
    assert rows(embedded_warehouse, "select payload::text from raw.sandbox_crm__contacts") == [(text.decode(),)]


def test_what_cannot_be_read_is_kept_and_holds_nothing_up(embedded_warehouse: Warehouse) -> None:
    good = contact("1", "2026-11-02T10:00:00Z")
    deliver(embedded_warehouse, "sandbox_crm", b"<html>", b'"text"', b"[" * 100_000, {"deals": []},
            {"contacts": [good, 17, {"no": "id"}]})  # fmt: skip
    received = receive(embedded_warehouse, hooked(**WHOLE), NOWHERE)
    assert received.webhooks == 5 and received.unreadable_webhooks == 3
    assert states(embedded_warehouse) == [
        ("unreadable", "not JSON, or cut off"),
        ("unreadable", "not_an_object"),
        ("unreadable", "nested too deeply"),
        ("landed", "1 of its events are for no entity"),
        ("landed", None),
    ]
    assert (received.counts.received, received.counts.inserted, received.counts.unreadable) == (3, 1, 2)
    assert rows(embedded_warehouse, "select rules, payload, location from ops.quarantine order by payload") == [
        (["not_an_object"], "17", "webhook 5, record 2"), (["no_id"], '{"no": "id"}', "webhook 5"),
    ]  # fmt: skip


def test_a_run_that_died_is_made_up_for(embedded_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    source = hooked(**WHOLE)
    deliver(embedded_warehouse, "sandbox_crm", {"contacts": [contact("1", "2026-11-02T10:00:00Z")]})

    def die(*told: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(webhooks, "finish", die)
        patched.setattr("include.hooks.receive._read", lambda books, source, portion, received: {
            webhook.webhook_id: read_events(source.hooks, webhook.body, "w") for webhook in portion
        })  # fmt: skip
        receive(embedded_warehouse, source, NOWHERE)
    # it had landed, and neither noted nor staged it
    assert states(embedded_warehouse) == [("waiting", None)]
    assert rows(embedded_warehouse, "select state from ops.load") == [("landed",)]
    received = receive(embedded_warehouse, source, NOWHERE)
    assert (received.counts.inserted, received.counts.unchanged, received.counts.staged) == (0, 1, 1)
    assert states(embedded_warehouse) == [("landed", None)]
    # and once more, with nothing waiting
    assert receive(embedded_warehouse, source, NOWHERE) == Received()


def test_webhooks_of_two_days_are_landed_in_their_days(embedded_warehouse: Warehouse) -> None:
    deliver(embedded_warehouse, "sandbox_crm", {"contacts": [contact("1", "2026-11-02T10:00:00Z")]},
            {"contacts": [contact("2", "2026-11-02T10:00:00Z")]})  # fmt: skip
    rows_of = "update ops.webhook set received_at = '2026-11-02T23:59:59Z' where webhook_id = 1 returning 1"
    assert len(rows(embedded_warehouse, rows_of)) == 1
    rows(embedded_warehouse, "update ops.webhook set received_at = '2026-11-03Z' where webhook_id = 2 returning 1")
    receive(embedded_warehouse, hooked(**WHOLE), NOWHERE)
    days = rows(embedded_warehouse, "select window_start::date::text, inserted from ops.load order by load_id")
    assert days == [("2026-11-02", 1), ("2026-11-03", 1)]


def test_a_day_is_not_published_for_what_webhooks_brought(embedded_warehouse: Warehouse) -> None:
    source = hooked(**WHOLE)
    deliver(embedded_warehouse, "sandbox_crm", {"contacts": [contact("1", "2026-11-02T10:00:00Z")]})
    receive(embedded_warehouse, source, NOWHERE)
    day = Window.day(rows(embedded_warehouse, "select window_start::date from ops.load")[0][0])
    assert not publish_day(embedded_warehouse, source, day)
    (detail,) = rows(embedded_warehouse, "select detail from ops.source_day")[0]
    assert "contacts: was not loaded" in detail


# ---- what becomes of it: ids


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sizes = ("--companies", "30", "--people", "90", "--deals", "60", "--tickets", "80", "--months", "3")
    with sandbox.running(tmp_path_factory.mktemp("sandbox"), *sizes, "--now", "2025-08-20T00:00:00Z") as running:
        yield running


DAY = Window.day("2025-08-19")


def send_changes(company: Sandbox, post: Post, manner: str, source: str, since: str) -> dict:
    url = f"{post.url}/{source}"
    return company.ask("POST", "webhooks", {"manner": manner, "url": url, "secret": SECRET, "since": since})


@pytest.mark.parametrize(("name", "manner"), [("sandbox_crm", "crm"), ("sandbox_helpdesk", "helpdesk")])
def test_ids_become_the_records_that_the_daily_pull_finds_unchanged(
    post: Post, embedded_warehouse: Warehouse, company: Sandbox, name: str, manner: str
) -> None:
    source = load_source(name)
    assert source.hooks
    sent = send_changes(company, post, manner, name, "2025-08-19T00:00:00Z")
    assert sent["statuses"] == [200]
    again = send_changes(company, post, manner, name, "2025-08-19T00:00:00Z")
    assert again == sent
    received = receive(embedded_warehouse, source, company.connection(source))
    assert received.not_found == 0 and received.counts.inserted == received.counts.received > 0
    told = dict(rows(embedded_warehouse, "select entity, sum(inserted)::int from ops.load group by entity"))
    land_source(embedded_warehouse, source, DAY, company.connection(source))
    stage_source(embedded_warehouse, source, DAY)
    pulled = "select entity, received, unchanged from ops.load where kind = 'pull' and entity = any(%s)"
    for entity, all_of_it, unchanged in rows(embedded_warehouse, pulled, [list(source.hooks.entities)]):
        assert all_of_it == unchanged == told.get(entity, 0), entity
    assert set(states(embedded_warehouse)) == {("landed", None)}


def test_deleted_records_arrive_as_deleted(embedded_warehouse: Warehouse, company: Sandbox) -> None:
    source = load_source("sandbox_crm")
    gone = company.ask_crm("/crm/v3/objects/deals?archived=true&limit=1")["results"][0]["id"]
    event = {"subscriptionType": "deal.deletion", "objectId": int(gone)}
    unknown = {"subscriptionType": "deal.creation", "objectId": 987654321}
    other = {"subscriptionType": "conversation.creation", "objectId": 5}
    deliver(embedded_warehouse, "sandbox_crm", [event, unknown], [other])
    received = receive(embedded_warehouse, source, company.connection(source))
    assert (received.not_found, received.counts.staged) == (1, 1)
    assert rows(embedded_warehouse, "select source_id, is_deleted from staging.deal") == [(gone, True)]
    assert states(embedded_warehouse) == [("landed", None), ("landed", "1 of its events are for no entity")]


def test_while_the_source_cannot_be_asked_webhooks_wait(
    embedded_warehouse: Warehouse, company: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_http, "PATIENCE", source_http.Patience(first=0.01, total=0.02))
    whole = {"contacts": {"records": "contacts"}}
    asked = load_source("sandbox_crm").hooks
    assert asked
    source = hooked(**whole, deals=asked.entities["deals"].model_dump(exclude_none=True))
    deal = int(company.ask_crm("/crm/v3/objects/deals?limit=1")["results"][0]["id"])
    deliver(embedded_warehouse, "sandbox_crm", {"subscriptionType": "deal.creation", "objectId": deal},
            {"contacts": [contact("1", "2026-11-02T10:00:00Z")]})  # fmt: skip
    with pytest.raises(IngestError, match="sandbox_crm, deals: no answer"):
        receive(embedded_warehouse, source, NOWHERE)
    (state, detail), landed = states(embedded_warehouse)
    assert state == "waiting" and "no answer" in detail and landed == ("landed", None)
    assert rows(embedded_warehouse, "select source_id from staging.customer") == [("1",)]
    # the source is well again
    assert receive(embedded_warehouse, source, company.connection(source)).counts.staged == 1
    assert states(embedded_warehouse)[0] == ("landed", None)


def test_after_a_day_it_is_given_up(embedded_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_http, "PATIENCE", source_http.Patience(first=0.01, total=0.02))
    deliver(embedded_warehouse, "sandbox_crm", [{"subscriptionType": "deal.creation", "objectId": 1}])
    rows(embedded_warehouse, "update ops.webhook set received_at = now() - interval '25 hours' returning 1")
    for expected in ("given_up", "given_up"):
        with suppress(IngestError):
            receive(embedded_warehouse, load_source("sandbox_crm"), NOWHERE)
        assert states(embedded_warehouse)[0][0] == expected
    # the second run found nothing that waits
    assert len(rows(embedded_warehouse, "select 1 from ops.load where kind = 'hook'")) == 1
