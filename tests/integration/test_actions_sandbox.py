"""The channels as delivered, against the sandbox company's CRM."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from include.actions.config import load_outbox_config
from include.actions.outbox import Message, propose
from include.actions.sender import send_due
from include.sandbox.catalog import CRM_TOKEN
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
