"""The channels as delivered, against the sandbox company's CRM and help desk."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import urllib3

from include.actions.config import load_outbox_config
from include.actions.outbox import Message, propose, resend
from include.actions.sender import send_due
from include.replies.answers import answer_message
from include.sandbox.catalog import CRM_TOKEN, DESK_TOKEN
from include.warehouse.connection import Warehouse
from tests.sandbox import running

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SMALL = ("--companies", "10", "--people", "20", "--deals", "20", "--tickets", "20", "--now", "2026-03-02T12:00:00Z")


def test_a_reminder_becomes_a_task_on_the_deal(embedded_warehouse: Warehouse, tmp_path: Path) -> None:
    config = load_outbox_config().model_copy(update={"dry_run": False})
    with running(tmp_path, *SMALL) as sandbox:
        deals = sandbox.ask_crm("/crm/v3/objects/deals?properties=dealname,hubspot_owner_id")["results"]
        deal = deals[0]
        owner = deal["properties"]["hubspot_owner_id"]
        given: dict[str, Any] = {
            "key": "task", "kind": "reminder", "channel": "crm_task", "recipient": "ann@acme.example",
            "text": 'In "Contract Sent" for 34 days', "not_before": NOW, "not_after": NOW + timedelta(hours=6),
        }  # fmt: skip
        message = Message(**given, subject="Look at it", values={"subject_id": deal["id"], "owner_key": owner})
        wrong = Message(**{**given, "key": "wrong"}, subject="No deal", values={"subject_id": "1", "owner_key": owner})
        with embedded_warehouse.connect() as connection:
            for one in (message, wrong):
                propose(connection, config, one, NOW)
        port = urlsplit(sandbox.url).port
        there = SimpleNamespace(
            conn_type="http",
            host="127.0.0.1",
            port=port,
            schema="http",
            login=None,
            password=CRM_TOKEN,
            extra_dejson={},
        )
        done = send_due(embedded_warehouse, config, lambda conn_id: there, lambda: NOW + timedelta(minutes=1))
        assert (done["sent"], done["failed"]) == (1, 1)
        names = "hs_task_subject,hs_task_body,hs_timestamp,hubspot_owner_id,hs_task_status"
        tasks = sandbox.ask_crm(f"/crm/v3/objects/tasks?limit=100&properties={names}&associations=deals")["results"]
    (made,) = [task for task in tasks if task["properties"]["hs_task_subject"] == "Look at it"]
    assert made["properties"]["hs_task_body"] == 'In "Contract Sent" for 34 days'
    assert made["properties"]["hubspot_owner_id"] == owner and made["properties"]["hs_task_status"] == "NOT_STARTED"
    assert made["associations"]["deals"]["results"][0]["id"] == deal["id"]
    with embedded_warehouse.connect() as connection:
        row = connection.execute("select state, reason from ops.outbox where message_key = 'wrong'").fetchone()
    assert row and row[0] == "failed" and "404" in row[1]


def test_an_answer_reaches_its_ticket_once(embedded_warehouse: Warehouse, tmp_path: Path) -> None:
    config = load_outbox_config().model_copy(update={"dry_run": False})
    with running(tmp_path, *SMALL, "--tickets", "900") as sandbox:

        def ask(path: str) -> Any:
            headers = urllib3.make_headers(basic_auth=f"user/token:{DESK_TOKEN}")
            return urllib3.request("GET", f"{sandbox.url}/api/v2/{path}", headers=headers, retries=False).json()

        def said(ticket_id: str) -> list[tuple[str, bool]]:
            return [(told["body"], told["public"]) for told in ask(f"tickets/{ticket_id}/comments.json")["comments"]]

        found = ask("incremental/tickets/cursor.json?start_time=0")["tickets"]
        tickets = [one for one in found if one["status"] not in ("closed", "deleted")]
        first, second = tickets[:2]
        there = SimpleNamespace(
            conn_type="http", host="127.0.0.1", port=urlsplit(sandbox.url).port, schema="http", login="user/token",
            password=DESK_TOKEN, extra_dejson={},
        )  # fmt: skip
        late = NOW + timedelta(hours=6)

        def message(ticket: dict[str, Any], updated_at: datetime) -> Message:
            return answer_message(
                "ticket_answer", "sandbox_helpdesk", str(ticket["id"]), "ann@acme.example", "Order", 'Soon, "Ann".\n',
                updated_at, NOW, late, needs_approval=False,
            )  # fmt: skip

        # the second ticket has changed since it was read
        stamps = [datetime.fromisoformat(one["updated_at"]) for one in (first, second)]
        with embedded_warehouse.connect() as connection:
            number = propose(connection, config, message(first, stamps[0]), NOW)
            propose(connection, config, message(second, stamps[1] - timedelta(seconds=1)), NOW)
        before = [len(said(one["id"])) for one in (first, second)]
        done = send_due(embedded_warehouse, config, lambda conn_id: there, lambda: NOW + timedelta(minutes=1))
        assert (done["sent"], done["failed"]) == (1, 1)
        assert said(first["id"])[before[0] :] == [('Soon, "Ann".\n', True)]
        assert len(said(second["id"])) == before[1]
        answered = ask(f"tickets/{first['id']}.json")["ticket"]
        assert answered["status"] == "pending" and answered["tags"] == [*first["tags"], "autopilot_answer"]
        # as if its sender had died before it could note the answer, and somebody sends it once more
        with embedded_warehouse.connect() as connection:
            assert number
            connection.execute("update ops.outbox set state = 'uncertain' where outbox_id = %s", [number])
            resend(connection, [number], "bob", NOW + timedelta(minutes=2))
        send_due(embedded_warehouse, config, lambda conn_id: there, lambda: NOW + timedelta(minutes=3))
        assert len(said(first["id"])) == before[0] + 1
    with embedded_warehouse.connect() as connection:
        rows = connection.execute("select state, reason from ops.outbox").fetchall()
    assert [row[0] for row in rows] == ["failed", "failed"] and all("answered 409" in row[1] for row in rows)


def test_thanks_leave_the_ticket_as_it_is(embedded_warehouse: Warehouse, tmp_path: Path) -> None:
    config = load_outbox_config().model_copy(update={"dry_run": False})
    with running(tmp_path, *SMALL, "--tickets", "900") as sandbox:
        headers = urllib3.make_headers(basic_auth=f"user/token:{DESK_TOKEN}")

        def ask(path: str) -> Any:
            return urllib3.request("GET", f"{sandbox.url}/api/v2/{path}", headers=headers, retries=False).json()

        found = ask("incremental/tickets/cursor.json?start_time=0")["tickets"]
        solved = next(one for one in found if one["status"] == "solved")
        there = SimpleNamespace(
            conn_type="http", host="127.0.0.1", port=urlsplit(sandbox.url).port, schema="http", login="user/token",
            password=DESK_TOKEN, extra_dejson={},
        )  # fmt: skip
        thanks = Message(
            "thanks", "thanks", "ticket_thanks", "ann@acme.example", "Order", "Thank you!", NOW,
            NOW + timedelta(hours=6),
            values={"subject_id": str(solved["id"]), "updated_at": solved["updated_at"]},
        )  # fmt: skip
        with embedded_warehouse.connect() as connection:
            propose(connection, config, thanks, NOW)
        done = send_due(embedded_warehouse, config, lambda conn_id: there, lambda: NOW + timedelta(minutes=1))
        assert done["sent"] == 1
        after = ask(f"tickets/{solved['id']}.json")["ticket"]
        assert (after["status"], after["tags"]) == ("solved", [*solved["tags"], "autopilot_thanks"])
        assert ask(f"tickets/{solved['id']}/comments.json")["comments"][-1]["body"] == "Thank you!"
