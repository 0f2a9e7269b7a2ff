"""Webhooks about what changed, as HubSpot and Zendesk send them: sent when the sandbox is told to, never by itself."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import urllib3

from include.sandbox.hours import iso, seconds
from include.sandbox.ledger import Ledger
from include.sandbox.model import Change, Record
from include.sandbox.world import World

PORTAL, APP = 4_417_000, 990_001
OBJECTS = {"companies": "company", "contacts": "contact", "deals": "deal"}
BATCH = 100  # events in one request of the CRM's
TIMEOUT = urllib3.Timeout(connect=5, read=10)


def crm_requests(world: World, since: int) -> Iterator[bytes]:
    """Bodies of the CRM's: up to a hundred events each, of what was made, changed and deleted after an instant."""
    events = []
    for entity, name in OBJECTS.items():
        for record, i, change in _changes(world.ledgers[entity], since):
            kinds = [("creation", {})] if i == 0 else [
                ("propertyChange", {"propertyName": key, "propertyValue": value or ""})
                for key, value in change.values.items()
            ]  # fmt: skip
            events += [_crm_event(name, kind, record, change.at, change.source, more) for kind, more in kinds]
        for state in world.ledgers[entity].states.values():
            if state.archived_at is not None and since < state.archived_at <= world.now:
                events.append(_crm_event(name, "deletion", state.record, state.archived_at, "CRM_UI", {}))
    events.sort(key=lambda event: event["occurredAt"])
    for number, event in enumerate(events, 1):
        event["eventId"] = number
    for start in range(0, len(events), BATCH):
        yield orjson.dumps(events[start : start + BATCH])


def _crm_event(name: str, kind: str, record: Record, at: int, source: str, more: dict[str, Any]) -> dict[str, Any]:
    return {
        "eventId": 0, "subscriptionId": 3_000_001, "portalId": PORTAL, "appId": APP, "occurredAt": at,
        "subscriptionType": f"{name}.{kind}", "attemptNumber": 0, "objectId": int(record.id), "changeSource": source,
        **more,
    }  # fmt: skip


def desk_requests(world: World, since: int) -> Iterator[bytes]:
    """Bodies of the help desk's: one event each, of tickets and users that were made or changed after an instant."""
    told = [
        (change.at, entity, record, i)
        for entity in ("tickets", "users")
        for record, i, change in _changes(world.ledgers[entity], since)
    ]
    for number, (at, entity, record, i) in enumerate(sorted(told, key=lambda change: change[:2]), 1):
        name = entity.removesuffix("s")
        yield orjson.dumps({
            "type": f"zen:event-type:{name}.{'created' if i == 0 else 'updated'}",
            "account_id": PORTAL,
            "id": f"sandbox-{since}-{number}",
            "time": iso(at),
            "zendesk_event_version": "2022-11-06",
            "subject": f"zen:{name}:{record.id}",
            "detail": {"id": record.id, "updated_at": seconds(at)},
            "event": {},
        })  # fmt: skip


def _changes(ledger: Ledger, since: int) -> Iterator[tuple[Record, int, Change]]:
    for at, place, i in ledger.stream:
        if at > since:
            record = ledger.records[place]
            yield record, i, record.log[i]


def crm_headers(secret: str, url: str, body: bytes) -> dict[str, str]:
    """Signed in the manner of HubSpot's version 3, at the real present."""
    now = str(int(time.time() * 1000))
    signed = b"POST" + url.encode() + body + now.encode()
    return {"x-hubspot-request-timestamp": now, "x-hubspot-signature-v3": _signature(secret, signed)}


def desk_headers(secret: str, url: str, body: bytes) -> dict[str, str]:
    """Signed in the manner of Zendesk, at the real present."""
    now = seconds(int(time.time() * 1000))
    return {
        "x-zendesk-webhook-signature-timestamp": now,
        "x-zendesk-webhook-signature": _signature(secret, now.encode() + body),
    }


def _signature(secret: str, signed: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


MANNERS: dict[str, tuple[Callable[[World, int], Iterator[bytes]], Callable[[str, str, bytes], dict[str, str]]]] = {
    "crm": (crm_requests, crm_headers),
    "helpdesk": (desk_requests, desk_headers),
}


def send(manner: str, bodies: list[bytes], url: str, secret: str) -> list[int]:
    """Send bodies to an address one after the other; returns the statuses of the answers."""
    headers = MANNERS[manner][1]
    statuses = []
    with urllib3.PoolManager(retries=False, timeout=TIMEOUT) as pool:
        for body in bodies:
            sent = {"content-type": "application/json", **headers(secret, url, body)}
            statuses.append(pool.request("POST", url, body=body, headers=sent).status)
    return statuses
