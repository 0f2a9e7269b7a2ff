"""From a webhook to its staged row, with the whole product running: ``python -m tests.bench.hooks COUNT PAUSE BURST``.

Starts embedded PostgreSQL, Airflow and the sandbox company in the state folder that CRM_STATE names. Posts webhooks in
HubSpot's manner, each about a contact that the warehouse does not have, at the public route; the scheduler has nothing
else to do. A webhook's time runs from before it is posted until another connection sees the row in staging. The last
line of standard output is JSON: the seconds of each, first one by one, then in a burst, and how many runs that took.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import psycopg
import urllib3

from include.local import airflow, services
from include.sandbox.catalog import CRM_TOKEN, HOOK_SECRET
from include.sandbox.webhooks import crm_headers

DAG = "ingest_sandbox_crm_hooks"
PATIENCE_SECONDS = 120
SENDERS = 8  # HubSpot sends several at once


def measure(count: int, pause: float, burst: int) -> dict[str, Any]:
    """Post ``count`` webhooks ``pause`` seconds apart, each when the one before is staged, then ``burst`` at once."""
    running = services.up(sandbox=True, tell=lambda line: None)
    try:
        bearer = airflow.token(running.env)
        _unpause(running, bearer)
        url = f"{running.airflow_url}/crm/hooks/sandbox_crm"
        contacts = _contacts(running, count + burst)
        with services.warehouse().connect(autocommit=True) as connection:
            single: list[dict[str, float]] = []
            for contact in contacts[:count]:
                started = time.perf_counter()
                single += _timed(connection, url, [contact])
                time.sleep(max(0.0, pause - (time.perf_counter() - started)))
            before = _runs(running, bearer)
            together = _timed(connection, url, contacts[count:])
        time.sleep(pause)  # for the last run to come
        return {"single": single, "burst": together, "runs_of_burst": _runs(running, bearer) - before}
    finally:
        running.stop()


def _timed(connection: psycopg.Connection, url: str, contacts: list[str]) -> list[dict[str, float]]:
    """Post webhooks about contacts; seconds until each was answered and until its row was there."""
    posted: dict[str, tuple[float, float]] = {}

    def post(contact: str) -> None:
        body = orjson.dumps([{"subscriptionType": "contact.creation", "objectId": int(contact)}])
        headers = {"content-type": "application/json", **crm_headers(HOOK_SECRET, url, body)}
        started = time.perf_counter()
        answer = urllib3.request("POST", url, body=body, headers=headers, retries=False)
        if answer.status != 200:
            raise RuntimeError(f"the route answered {answer.status}")
        posted[contact] = (started, time.perf_counter())

    there: dict[str, float] = {}
    deadline = time.perf_counter() + PATIENCE_SECONDS
    with ThreadPoolExecutor(SENDERS) as senders:
        sent = [senders.submit(post, contact) for contact in contacts]
        while len(there) < len(contacts):
            for contact in _staged(connection, contacts):
                there.setdefault(contact, time.perf_counter())
            if time.perf_counter() > deadline:
                raise RuntimeError(f"{len(there)} of {len(contacts)} are staged after {PATIENCE_SECONDS} s")
            time.sleep(0.02)
        for one in sent:
            one.result()
    return [
        {"answered": answered - started, "staged": there[contact] - started}
        for contact, (started, answered) in posted.items()
    ]


def _staged(connection: psycopg.Connection, contacts: list[str]) -> list[str]:
    rows = connection.execute(
        "select source_id from staging.customer where source_table = 'sandbox_crm__contacts' and source_id = any(%s)",
        [contacts],
    ).fetchall()
    return [row[0] for row in rows]


def _unpause(running: services.Running, bearer: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while airflow.request(running.env, "GET", f"/api/v2/dags/{DAG}", bearer=bearer) is None:
        if time.monotonic() > deadline:
            raise RuntimeError(f"Airflow has not parsed the DAG {DAG}")
        time.sleep(0.5)
    airflow.request(running.env, "PATCH", f"/api/v2/dags/{DAG}", {"is_paused": False}, bearer)


def _contacts(running: services.Running, count: int) -> list[str]:
    found: list[str] = []
    after = "0"
    while len(found) < count:
        answer = urllib3.request(
            "GET", f"{running.sandbox_url}/crm/v3/objects/contacts?limit=100&after={after}",
            headers={"authorization": f"Bearer {CRM_TOKEN}"}, retries=False,
        ).json()  # fmt: skip
        found += [contact["id"] for contact in answer["results"]]
        after = answer["paging"]["next"]["after"]
    return found[:count]


def _runs(running: services.Running, bearer: str) -> int:
    return airflow.request(running.env, "GET", f"/api/v2/dags/{DAG}/dagRuns?limit=1", bearer=bearer)["total_entries"]


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))))
