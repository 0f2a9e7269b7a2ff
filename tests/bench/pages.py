"""How long the pages inside Airflow take over a million customers, deals and tickets, and ten thousand editions."""

import random
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import urllib3
import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp

from include.pages.app import Surroundings, Visitor, make_app
from include.settings import EXPECTATIONS
from include.warehouse.connection import Warehouse

# on top of the customers of tests.bench.search
REST = """
insert into mart.deal (source, deal_id, deal_name, status, stage_name, stage_position, probability, amount, currency,
    weighted_amount, customer_id, created_at, closed_at)
select 'crm', n, 'Deal ' || n, case when n % 3 = 0 then 'open' when n % 3 = 1 then 'won' else 'lost' end,
    'Stage ' || n % 6, n % 6, 0.5, n % 1000, 'USD', n % 500, customer_id, '2026-02-01Z', null
from person;
insert into mart.ticket (source, ticket_id, subject, status, priority, group_key, group_name, customer_id, created_at,
    agent_wait_minutes, requester_wait_minutes, on_hold_minutes, public_replies, reopens, assignee_handoffs,
    group_handoffs)
select 'desk', n, 'Ticket ' || n, case when n % 20 = 0 then 'open' else 'closed' end,
    (array['low', 'normal', 'high', 'urgent'])[1 + n % 4], 'g' || n % 9, 'Group ' || n % 9, customer_id, '2026-03-01Z',
    0, 0, 0, 0, 0, 0, 0
from person;
insert into mart.ticket_sla (source, ticket_id, measure, instance_no, policy_name, schedule, is_business,
    target_minutes, applied_at, breach_at, state, elapsed_minutes)
select 'desk', n, 'first_reply', 1, 'p', '', false, 60, '2026-03-01Z', '2026-03-01Z'::timestamptz + n * interval '1 s',
    case when n % 20 = 0 then 'active' else 'achieved' end, 0
from person;
insert into ops.load (source, entity, kind, window_start, window_end, state, received, inserted, unchanged, unreadable,
    validated, staged, quarantined)
select 'sandbox_crm', 'e' || n % 9, 'pull', '2026-01-01Z', '2026-01-02Z', 'staged', 9, 9, 0, 0, 9, 9, 0
from people, generate_series(1, people / 10) as n;
insert into ops.outbox (message_key, kind, channel, recipient, subject, payload, state, proposed_at, not_before,
    not_after, attempt_after)
select n, 'reminder', 'email', 'ann@acme.example', 'Message ' || n, '{"text": "t"}',
    case when n % 100 = 0 then 'proposed' else 'sent' end, now(), now(), now() + interval '1 h', now()
from people, generate_series(1, people / 10) as n;
insert into ops.quarantine (source, entity, source_id, payload_hash, stage, rules, payload, load_id, window_start,
    window_end)
select 'sandbox_crm', 'e' || n % 9, n, gen_random_uuid(), 'rules', array['rule_' || n % 7], '{}', n, '2026-01-01Z',
    '2026-01-02Z'
from people, generate_series(1, people / 10) as n;
insert into ops.reminder (rule, subject_kind, source, subject_id, opened_at, seen_at, late_days, value_at_risk,
    currency)
select 'no_next_step', 'deal', 'crm', n, now(), now(), 1, n, 'USD'
from people, generate_series(1, people / 10) as n;
insert into ops.mart_day (subject, day_on, is_stale) values ('sales', '2026-03-01', false);
insert into ops.report_edition (subject, window_start, window_end, sources, path, checksum, manifest, rendered_at)
select (array['sales', 'service', 'customers'])[1 + n % 3], d, d + interval '1 day', '{crm}', n || '.html', n, '{}', d
from people, generate_series(1, people / 100) as n
cross join lateral (select '2017-01-01Z'::timestamptz + (n / 3) * interval '1 day' as d) as w;
"""
VALIDATIONS = """
with run as (
    insert into ops.validation (load_id, suite, is_success, evaluated, result)
    select n, s.suite, true, 9, '{}'
    from people, unnest(%(suites)s::text[]) as s (suite), generate_series(1, people / 1000) as n
    returning validation_id
)

insert into ops.validation_rule (validation_id, rule, severity, level, is_success, evaluated, unexpected)
select r.validation_id, 'rule_' || n, 'critical', 'row', true, 9, 0 from run as r, generate_series(1, 8) as n
"""


@dataclass(frozen=True)
class Timed:
    """Seconds of a page: the median and the slowest of some requests, each for another thing."""

    page: str
    median: float
    slowest: float


def fill(connection: psycopg.Connection, folder: Path) -> None:
    """Add what the pages tell of to a warehouse that `tests.bench.search.fill` filled."""
    connection.execute(REST.encode())
    suites = sorted(path.stem for path in EXPECTATIONS.glob("*.json"))
    connection.execute(VALIDATIONS.encode(), {"suites": suites})
    (editions,) = connection.execute("select count(*) from ops.report_edition").fetchone() or (0,)
    connection.commit()
    connection.autocommit = True
    connection.execute("vacuum analyze")
    connection.autocommit = False
    for number in range(1, editions + 1):
        (folder / f"{number}.html").write_text("<p>An edition</p>")


def measure(warehouse: Warehouse, folder: Path, times: int) -> list[Timed]:
    """Ask for each page so many times, each time for another customer, message or place in a list."""

    async def identify(request: Request) -> Visitor | None:
        return Visitor("ann")

    def trigger(visitor: Visitor, dag_id: str, conf: dict[str, Any]) -> str:
        raise NotImplementedError

    around = Surroundings(identify, lambda *_: True, trigger, lambda: warehouse, folder, folder)
    dice = random.Random(4)
    with warehouse.connect() as connection:
        people = connection.execute(
            "select customer_id, given_name || ' ' || family_name from person where n = any(%s)",
            [[dice.randint(1, 40_000) for _ in range(times)]],
        ).fetchall()
        (most,) = connection.execute("select max(edition_id) from ops.report_edition").fetchone() or (0,)
        (last,) = connection.execute("select max(quarantine_id) from ops.quarantine").fetchone() or (0,)
    paths = {
        "today": ["/today"], "reports": ["/reports"],
        "reports, somewhere": [f"/reports?after={dice.randint(1, most)}" for _ in people],
        "reports, of a subject and a period": ["/reports?subject=sales&first_day=2019-01-01&last_day=2019-02-01"],
        "one edition": [f"/reports/{dice.randint(1, most)}" for _ in people],
        "customers, by name": [f"/customers?q={quote(name)}" for _, name in people],
        "one customer": [f"/customers/{customer_id}" for customer_id, _ in people],
        "quality": ["/quality"],
        "quarantine, somewhere": [f"/quality/quarantine?rule=rule_3&before={dice.randint(1, last)}" for _ in people],
        "actions": ["/actions"], "actions, sent": ["/actions?state=sent"], "sources": ["/sources"],
        "one source": ["/sources/sandbox_crm"],
    }  # fmt: skip
    timed = []
    with _serving(make_app(around)) as address:
        client = urllib3.PoolManager()
        for page, several in paths.items():
            taken = []
            for number in range(times + 1):
                started = time.perf_counter()
                answer = client.request("GET", address + several[number % len(several)], redirect=False)
                taken.append(time.perf_counter() - started)
                assert answer.status in (200, 303), (page, answer.data.decode())
            # the first also reads templates and statements
            timed.append(Timed(page, statistics.median(taken[1:]), max(taken[1:])))
    return timed


@contextmanager
def _serving(app: ASGIApp) -> Iterator[str]:
    """The address of the app, served on loopback by a thread."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
