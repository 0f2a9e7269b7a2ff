"""The sandbox over real HTTP: the shapes of the two APIs, their limits, the web site, the clock and the faults."""

import base64
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from include.settings import PROJECT

NOW = "2025-11-20T12:00:00Z"
CRM = {"Authorization": "Bearer sandbox-crm-token"}
DESK = {"Authorization": "Basic " + base64.b64encode(b"ops@fernhillworks.example/token:sandbox-desk-token").decode()}
SMALL = ("--companies", "60", "--people", "150", "--deals", "150", "--tickets", "300", "--months", "6", "--now", NOW)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def sandbox(*arguments: str) -> Iterator[httpx.Client]:
    """A server of its own process; it must say where it is, and go on SIGTERM with nothing on stderr."""
    command = [sys.executable, "-m", "include.sandbox", "--port", "0", *arguments]
    process = subprocess.Popen(
        command, cwd=PROJECT, env=os.environ | {"PYTHONPATH": str(PROJECT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    try:
        address = process.stdout.readline().strip().rsplit(" ", 1)[-1]
        assert address.startswith("http://127.0.0.1:"), process.stderr.read()
        with httpx.Client(base_url=address, timeout=20) as client:
            yield client
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=15)
    assert errors == ""


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sandbox")


@pytest.fixture(scope="module")
def smtp_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(state: Path, smtp_port: int) -> Iterator[httpx.Client]:
    with sandbox(*SMALL, "--rate-limit", "0", "--state", str(state), "--smtp-port", str(smtp_port)) as client:
        yield client


@pytest.fixture
def client(server: httpx.Client) -> Iterator[httpx.Client]:
    """The server with its clock and faults as at the start."""
    yield server
    server.post("/_sandbox/clock", json={"now": NOW})
    off = dict.fromkeys(server.get("/_sandbox/faults").json(), False)
    server.post("/_sandbox/faults", json=off)


def search(client: httpx.Client, entity: str, **body: object) -> dict:
    answer = client.post(f"/crm/v3/objects/{entity}/search", json=body, headers=CRM)
    assert answer.status_code == 200, answer.text
    return answer.json()


def where(name: str, operator: str, value: object) -> dict:
    return {"propertyName": name, "operator": operator, "value": str(value)}


def counts(client: httpx.Client, entity: str) -> dict:
    return client.get("/_sandbox/truth/counts").json()[entity]


# the CRM


@pytest.mark.parametrize("entity", ["companies", "contacts", "deals", "calls", "emails", "meetings", "tasks"])
def test_paging_through_a_search_gives_every_unarchived_record_once(client: httpx.Client, entity: str) -> None:
    found, after = [], "0"
    while after:
        page = search(client, entity, limit=70, after=after)
        found += [record["id"] for record in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after")
    known = counts(client, entity)
    assert len(found) == len(set(found)) == page["total"] == known["total"] - known["archived"]


def test_a_record_has_the_shape_of_the_crm(client: httpx.Client) -> None:
    record = search(client, "deals", limit=1, properties=["amount", "closed_lost_reason", "nonsense"])["results"][0]
    assert set(record) == {"id", "properties", "createdAt", "updatedAt", "archived"}
    assert set(record["properties"]) == {
        "amount", "closed_lost_reason", "createdate", "hs_lastmodifieddate", "hs_object_id",
    }  # fmt: skip
    assert all(value is None or isinstance(value, str) for value in record["properties"].values())
    assert record["updatedAt"] == record["properties"]["hs_lastmodifieddate"]
    assert record["id"] == record["properties"]["hs_object_id"]


def test_a_window_and_an_id_filter(client: httpx.Client) -> None:
    """A day's records as the truth counts them, read by key."""
    days = counts(client, "contacts")["by_updated_day"]
    day = max(days, key=days.__getitem__)
    low = int(time.mktime(time.strptime(day, "%Y-%m-%d")) - time.timezone) * 1000
    window = [where("lastmodifieddate", "GTE", low), where("lastmodifieddate", "LT", low + 86_400_000)]
    ids: list[int] = []
    while True:
        last = where("hs_object_id", "GT", ids[-1] if ids else 0)
        page = search(
            client, "contacts", limit=20, filterGroups=[{"filters": [*window, last]}],
            sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        )  # fmt: skip
        ids += [int(record["id"]) for record in page["results"]]
        if "paging" not in page:
            break
    archived = client.get("/crm/v3/objects/contacts?archived=true&limit=100", headers=CRM).json()["results"]
    assert ids == sorted(set(ids))
    assert len(ids) + sum(record["archivedAt"][:10] == day for record in archived) == days[day]


def test_a_window_by_iso_text_and_by_milliseconds_is_the_same(client: httpx.Client) -> None:
    by_text = search(client, "deals", filterGroups=[{"filters": [where("createdate", "GTE", "2025-09-01T00:00:00Z")]}])
    by_number = search(client, "deals", filterGroups=[{"filters": [where("createdate", "GTE", 1756684800000)]}])
    assert by_text["total"] == by_number["total"] > 0


def test_history_is_newest_first_and_ends_with_the_value_now(client: httpx.Client) -> None:
    query = "/crm/v3/objects/deals?limit=50&properties=dealstage&propertiesWithHistory=dealstage&associations=companies"
    for deal in client.get(query, headers=CRM).json()["results"]:
        history = deal["propertiesWithHistory"]["dealstage"]
        assert history[0]["value"] == deal["properties"]["dealstage"]
        times = [entry["timestamp"] for entry in history]
        assert times == sorted(times, reverse=True)
        assert history[-1]["timestamp"] == deal["createdAt"]
        assert deal["associations"]["companies"]["results"][0]["type"] == "deal_to_company"


def test_batches_read_records_and_associations(client: httpx.Client) -> None:
    ids = [record["id"] for record in search(client, "deals", limit=3)["results"]]
    inputs = {"inputs": [{"id": i} for i in ids]}
    read = client.post("/crm/v3/objects/deals/batch/read", json=inputs | {"properties": ["amount"]}, headers=CRM)
    assert read.status_code == 200 and {r["id"] for r in read.json()["results"]} == set(ids)
    linked = client.post("/crm/v4/associations/deals/companies/batch/read", json=inputs, headers=CRM).json()["results"]
    assert {entry["from"]["id"] for entry in linked} == set(ids)
    assert linked[0]["to"][0]["associationTypes"][0]["typeId"] == 341
    missing = client.post("/crm/v3/objects/deals/batch/read", json={"inputs": [{"id": "1"}]}, headers=CRM)
    assert missing.status_code == 207 and missing.json()["results"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "category"),
    [
        ("POST", "/crm/v3/objects/deals/search", {"limit": 201}, 400, "VALIDATION_ERROR"),
        ("POST", "/crm/v3/objects/deals/search", {"after": "10000"}, 400, "VALIDATION_ERROR"),
        ("POST", "/crm/v3/objects/deals/batch/read", {"inputs": [{"id": "1"}] * 101}, 400, "VALIDATION_ERROR"),
        ("GET", "/crm/v3/objects/deals?limit=51&propertiesWithHistory=amount", None, 400, "VALIDATION_ERROR"),
        ("GET", "/crm/v3/objects/unicorns", None, 400, "VALIDATION_ERROR"),
        ("GET", "/crm/v3/objects/deals/1", None, 404, "OBJECT_NOT_FOUND"),
    ],
)
def test_the_crm_says_what_is_wrong(
    client: httpx.Client, method: str, path: str, body, status: int, category: str
) -> None:
    answer = client.request(method, path, json=body, headers=CRM)
    assert answer.status_code == status
    assert answer.json()["status"] == "error" and answer.json()["category"] == category


def test_the_crm_wants_its_token(client: httpx.Client) -> None:
    answer = client.get("/crm/v3/owners", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401 and answer.json()["category"] == "INVALID_AUTHENTICATION"


def test_owners_and_stages(client: httpx.Client) -> None:
    owners = client.get("/crm/v3/owners?limit=5", headers=CRM).json()
    assert len(owners["results"]) == 5 and owners["paging"]["next"]["after"] == owners["results"][-1]["id"]
    stages = client.get("/crm/v3/pipelines/deals", headers=CRM).json()["results"][0]["stages"]
    assert [stage["displayOrder"] for stage in stages] == list(range(7))
    assert {s["id"]: s["metadata"] for s in stages}["closedwon"] == {"isClosed": "true", "probability": "1.0"}
    used = {r["properties"]["dealstage"] for r in search(client, "deals", limit=200)["results"]}
    assert used <= {stage["id"] for stage in stages}


def test_a_task_can_be_made_and_changed(client: httpx.Client) -> None:
    deal = search(client, "deals", limit=1)["results"][0]["id"]
    link = {"to": {"id": deal}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 216}]}
    body = {"properties": {"hs_timestamp": NOW, "hs_task_subject": "Call"}, "associations": [link]}
    made = client.post("/crm/v3/objects/tasks", json=body, headers=CRM)
    assert made.status_code == 201
    task = made.json()["id"]
    linked = client.post(
        "/crm/v4/associations/tasks/deals/batch/read", json={"inputs": [{"id": task}]}, headers=CRM
    ).json()  # fmt: skip
    assert linked["results"][0]["to"][0]["toObjectId"] == int(deal)
    done = {"properties": {"hs_task_status": "COMPLETED"}}
    assert client.patch(f"/crm/v3/objects/tasks/{task}", json=done, headers=CRM).status_code == 200
    shown = client.get(f"/crm/v3/objects/tasks/{task}?properties=hs_task_status,hs_task_subject", headers=CRM).json()
    assert (shown["properties"]["hs_task_status"], shown["properties"]["hs_task_subject"]) == ("COMPLETED", "Call")


# the help desk


def read_events(client: httpx.Client, start: int) -> dict[int, dict]:
    events: dict[int, dict] = {}
    url = f"/api/v2/incremental/ticket_events.json?start_time={start}&include=comment_events"
    while True:
        page = client.get(url, headers=DESK).json()
        events |= {event["id"]: event for event in page["ticket_events"]}
        if page["end_of_stream"]:
            return events
        assert page["next_page"] != url
        url = page["next_page"]


def test_tickets_and_their_events_tell_the_same_story(client: httpx.Client) -> None:
    tickets: dict[int, dict] = {}
    url = "/api/v2/incremental/tickets/cursor.json?start_time=0&per_page=90"
    while True:
        page = client.get(url, headers=DESK).json()
        tickets |= {ticket["id"]: ticket for ticket in page["tickets"]}
        if page["end_of_stream"]:
            break
        url = page["after_url"]
    assert len(tickets) == counts(client, "tickets")["total"]
    events = read_events(client, 0)
    assert len(events) == counts(client, "ticket_events")["total"]
    status: dict[int, str] = {}
    for event in sorted(events.values(), key=lambda e: (e["timestamp"], e["id"])):
        for child in event["child_events"]:
            if "status" in child:
                assert child.get("previous_value") == status.get(event["ticket_id"])
                status[event["ticket_id"]] = child["status"]
    assert status == {key: ticket["status"] for key, ticket in tickets.items()}
    comment = next(c for e in events.values() for c in e["child_events"] if c["event_type"] == "Comment")
    assert comment["via"]["channel"] in ("email", "web", "chat", "api", "rule")
    assert {"body", "public", "author_id"} <= set(comment)


def test_a_cursor_at_the_end_gives_what_comes_after(client: httpx.Client) -> None:
    page = client.get("/api/v2/incremental/users/cursor.json?start_time=0", headers=DESK).json()
    assert page["end_of_stream"] and len(page["users"]) == counts(client, "users")["total"]
    assert client.get(page["after_url"], headers=DESK).json()["users"] == []
    client.post("/_sandbox/clock", json={"now": "2026-01-20T12:00:00Z"})
    more = client.get(page["after_url"], headers=DESK).json()["users"]
    assert more and all(user["updated_at"] > NOW for user in more)
    everybody = {user["id"] for user in page["users"]} | {user["id"] for user in more}
    assert len(everybody) == counts(client, "users")["total"]


def test_the_lists_of_the_help_desk(client: httpx.Client) -> None:
    def get(path: str) -> dict:
        answer = client.get(f"/api/v2/{path}", headers=DESK)
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert {user["role"] for user in get("users.json?role=agent")["users"]} == {"agent"}
    assert len(get("groups.json")["groups"]) == 5
    first = get("organizations.json?page[size]=2")
    assert len(first["organizations"]) == 2 and first["meta"]["has_more"]
    second = client.get(first["links"]["next"], headers=DESK).json()["organizations"]
    assert {o["id"] for o in second}.isdisjoint({o["id"] for o in first["organizations"]})
    ratings = get("satisfaction_ratings.json?start_time=0&end_time=2000000000&page[size]=100")["satisfaction_ratings"]
    assert {rating["score"] for rating in ratings} <= {"offered", "good", "bad"}
    metrics = get("slas/policies.json")["sla_policies"][0]["policy_metrics"]
    assert {"priority", "metric", "target", "business_hours"} <= set(metrics[0])
    schedule = get("business_hours/schedules.json")["schedules"][0]
    assert schedule["intervals"][0] == {"start_time": 1440 + 8 * 60, "end_time": 1440 + 20 * 60}
    assert get(f"business_hours/schedules/{schedule['id']}/holidays.json")["holidays"][0]["name"] == "New Year's Day"
    tickets = get("incremental/tickets/cursor.json?start_time=0&per_page=1")["tickets"]
    assert get(f"tickets/{tickets[0]['id']}/comments.json")["comments"][0]["body"]


def test_a_reply_becomes_part_of_the_ticket(client: httpx.Client) -> None:
    page = client.get("/api/v2/incremental/tickets/cursor.json?start_time=0", headers=DESK).json()
    ticket = next(t for t in page["tickets"] if t["status"] in ("open", "pending", "hold"))
    body = {"ticket": {"comment": {"body": "An answer", "public": True}, "additional_tags": ["answered_by_autopilot"]}}
    answer = client.put(f"/api/v2/tickets/{ticket['id']}.json", json=body, headers=DESK)
    assert answer.status_code == 200 and "answered_by_autopilot" in answer.json()["ticket"]["tags"]
    comments = client.get(f"/api/v2/tickets/{ticket['id']}/comments.json", headers=DESK).json()["comments"]
    assert comments[-1]["body"] == "An answer" and comments[-1]["via"]["channel"] == "api"
    event = list(read_events(client, 0).values())[-1]
    assert event["ticket_id"] == ticket["id"]
    assert any(child.get("added_tags") == ["answered_by_autopilot"] for child in event["child_events"])
    closed = next(t for t in page["tickets"] if t["status"] == "closed")
    assert client.put(f"/api/v2/tickets/{closed['id']}.json", json=body, headers=DESK).status_code == 422


def test_the_help_desk_wants_its_token(client: httpx.Client) -> None:
    answer = client.get("/api/v2/users.json", auth=("me/token", "wrong"))
    assert answer.status_code == 401 and answer.json() == {"error": "Couldn't authenticate you"}


# the site, the files, the mail box


def test_the_directory_leads_from_page_to_page_to_every_firm(client: httpx.Client) -> None:
    from lxml import html

    seen, url = [], "/directory"
    while url:
        page = html.fromstring(client.get(url).text)
        seen += page.xpath("//a[@class='entry-link']/@href")
        following = page.xpath("//a[@rel='next']/@href")
        url = following[0] if following else ""
    assert len(seen) == len(set(seen)) == counts(client, "pages")["total"]
    assert client.get("/sitemap.xml").text.count("<lastmod>") == len(seen)
    pages = [client.get(path).text for path in seen]
    structured = ["application/ld+json" in page for page in pages]
    assert 0.2 < sum(structured) / len(structured) < 0.8
    assert all("mailto:" in page for page, linked in zip(pages, structured, strict=True) if not linked)


def test_a_page_is_not_sent_twice(client: httpx.Client) -> None:
    first = client.get("/directory")
    again = client.get("/directory", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304 and again.content == b""
    since = client.get("/directory", headers={"If-Modified-Since": first.headers["last-modified"]})
    assert since.status_code == 304
    assert client.get("/directory", headers={"If-None-Match": '"other"'}).status_code == 200
    assert client.get("/directory?page=999").status_code == 404
    robots = client.get("/robots.txt").text
    assert "Disallow: /private/" in robots and "Crawl-delay:" in robots


def test_order_files_are_there_for_days_that_have_ended(client: httpx.Client, state: Path) -> None:
    files = sorted(path.name for path in (state / "orders").glob("*.csv"))
    assert len(files) == counts(client, "order_files")["total"] and files[-1] <= "orders-2025-11-19.csv"
    client.post("/_sandbox/clock", json={"now": "2025-11-29T00:00:00Z"})
    assert "orders-2025-11-28.csv" in {path.name for path in (state / "orders").glob("*.csv")}


def test_mail_is_kept(client: httpx.Client, smtp_port: int) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "crm@fernhillworks.example", "maya@fernhillworks.example", "到期提醒"
    mail.set_content("Two deals are due.\n")
    with smtplib.SMTP("127.0.0.1", smtp_port) as smtp:
        smtp.send_message(mail)
    kept = client.get("/_sandbox/mail").json()["mails"][-1]
    assert kept["to"] == ["maya@fernhillworks.example"] and kept["subject"] == "到期提醒"
    assert kept["text"].strip() == "Two deals are due."


# the clock and the faults


def test_the_clock_changes_a_record(client: httpx.Client) -> None:
    """A deal that is open today is closed later, and open again when the clock is turned back."""
    still_open = [where("dealstage", "NEQ", "closedwon"), where("dealstage", "NEQ", "closedlost")]
    deals = {d["id"]: d for d in search(client, "deals", limit=200, filterGroups=[{"filters": still_open}])["results"]}
    client.post("/_sandbox/clock", json={"now": "2026-03-01T00:00:00Z"})
    inputs = {"inputs": [{"id": i} for i in list(deals)[:100]], "properties": ["dealstage"]}
    later = client.post("/crm/v3/objects/deals/batch/read", json=inputs, headers=CRM).json()["results"]
    moved = [d["id"] for d in later if d["properties"]["dealstage"].startswith("closed")]
    assert moved
    client.post("/_sandbox/clock", json={"now": NOW})
    again = client.get(f"/crm/v3/objects/deals/{moved[0]}", headers=CRM).json()
    assert again["properties"]["dealstage"] == deals[moved[0]]["properties"]["dealstage"]
    assert client.post("/_sandbox/clock", json={"now": "soon"}).status_code == 400


def test_faults_are_gone_on_the_second_try(client: httpx.Client) -> None:
    client.post("/_sandbox/faults", json={"errors_500": 1.0})
    assert [client.get("/crm/v3/owners", headers=CRM).status_code for _ in range(2)] == [500, 200]
    client.post("/_sandbox/faults", json={"errors_500": False, "garbage": 1.0})
    first = client.get("/api/v2/groups.json", headers=DESK)
    assert first.status_code == 200
    with pytest.raises(ValueError):
        first.json()
    assert client.get("/api/v2/groups.json", headers=DESK).json()["groups"]


def test_faults_change_fields_and_refuse_tokens(client: httpx.Client) -> None:
    client.post("/_sandbox/faults", json={"renamed_fields": True, "retyped_fields": True})
    deal = search(client, "deals", limit=1, properties=["amount"])["results"][0]
    assert "amount" not in deal["properties"] and isinstance(deal["properties"]["deal_amount"], float)
    client.post("/_sandbox/faults", json={"expire_tokens": True})
    answer = client.get("/crm/v3/owners", headers=CRM)
    assert answer.status_code == 401 and answer.json()["category"] == "EXPIRED_AUTHENTICATION"
    assert client.post("/_sandbox/faults", json={"fire": True}).status_code == 400


def test_the_truth_is_told_up_to_the_clock(client: httpx.Client) -> None:
    people = client.get("/_sandbox/truth/people").json()
    ids = [r["id"] for person in people for r in person["records"] if r["entity"] == "contacts"]
    assert len(ids) == len(set(ids)) == counts(client, "contacts")["total"]
    assert len(client.get("/_sandbox/truth/intents").json()) == counts(client, "tickets")["total"]
    assert all(d["since"] < NOW for d in client.get("/_sandbox/truth/dirty").json())
    assert all(a["day"] < NOW for a in client.get("/_sandbox/truth/anomalies").json())


def test_requests_beyond_the_limit_are_told_to_wait() -> None:
    with sandbox(*SMALL, "--rate-limit", "3") as client:
        answers = [client.get("/crm/v3/owners", headers=CRM) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].json()["errorType"] == "RATE_LIMIT" and 1 <= int(answers[-1].headers["retry-after"]) <= 10


def test_the_help_desk_takes_seven_hundred_requests_a_minute() -> None:
    with sandbox(*SMALL) as client:
        answers = [client.get("/api/v2/groups.json", headers=DESK).status_code for _ in range(700)]
        beyond = client.get("/api/v2/groups.json", headers=DESK)
    assert set(answers) == {200}
    assert beyond.status_code == 429 and beyond.json()["error"] == "APIRateLimitExceeded"
    assert 1 <= int(beyond.headers["retry-after"]) <= 60


def test_a_search_ends_at_ten_thousand() -> None:
    """4,600 deals have more than 10,000 e-mails."""
    sizes = ("--companies", "50", "--people", "60", "--deals", "4600", "--tickets", "5", "--now", "2026-11-30")
    with sandbox(*sizes, "--rate-limit", "0") as client:
        last = search(client, "emails", limit=200, after="9800")
        assert last["total"] > 10_000 and len(last["results"]) == 200
        assert last["paging"]["next"]["after"] == "10000"
        beyond = client.post("/crm/v3/objects/emails/search", json={"after": "10000"}, headers=CRM)
        assert beyond.status_code == 400
        newest = where("hs_object_id", "GT", last["results"][-1]["id"])
        rest = search(client, "emails", limit=200, filterGroups=[{"filters": [newest]}])
        assert rest["total"] == last["total"] - 10_000


def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        run = subprocess.run(
            [sys.executable, "-m", "include.sandbox", "--port", port], cwd=PROJECT, capture_output=True, text=True,
            env=os.environ | {"PYTHONPATH": str(PROJECT)}, check=False,
        )  # fmt: skip
    assert run.returncode == 1 and "Choose another --port" in run.stderr and "Traceback" not in run.stderr
