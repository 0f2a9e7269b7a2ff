"""A million tickets with ten million events, made up inside the database: how long the service marts take.

Four years of tickets of fifty agents in ten groups on two schedules, each with five updates that change its status and
five messages; half of the help desk's policies ask for a tag. The last year is built from scratch, then one more day on
which tickets changed. And ten million intervals are counted in business time, as the marts do it.
"""

import time
from collections.abc import Iterator
from datetime import date, timedelta

import psycopg

from include.service.rules import write_service
from include.warehouse.connection import Warehouse
from include.warehouse.marts import build_marts
from include.window import Window

LAST_DAY = date(2026, 11, 24)
YEARS = 4

FILL = (
    """
insert into core.dim_rep (rep_id, valid_from, is_current, source, full_name)
select 'desk:a' || n, '2020-01-01', true, 'desk', 'Agent ' || n from generate_series(0, 49) as n
""",
    "insert into core.dim_ticket_group select 'desk', 'g' || n, 'Group ' || n from generate_series(0, 9) as n",
    """
create temp table made as
select
    n,
    n::text as ticket_id,
    %(now)s::timestamptz - (1 - n::float8 / %(tickets)s) * %(years)s * interval '365 days'
    - interval '1 second' as created_at,
    -- from two hours to nine days from one thing to the next
    (2 + n::bigint * 7919 %% 210) * interval '1 hour' as pace
from generate_series(1, %(tickets)s) as n
""",
    """
insert into core.fct_ticket (
    source, ticket_id, subject, status, priority, channel, tags, requester_key, assignee_key, group_key, created_at,
    is_deleted
)
select
    'desk', ticket_id, 'Ticket ' || n, 'closed', (array['low', 'normal', 'high', 'urgent'])[1 + n %% 4],
    (array['email', 'web', 'chat'])[1 + n %% 3], case when n %% 10 = 0 then 'vip,x' else 'x' end, 'c' || n %% 100000,
    'a' || n %% 50, 'g' || n %% 10, created_at, false
from made
""",
    """
insert into core.fct_ticket_event (
    source, event_id, update_key, ticket_id, event_at, author_key, field, old_value, new_value
)
select 'desk', m.n || '/' || e.no, m.n || '/' || e.no, m.ticket_id, m.created_at + e.no * m.pace, 'a' || m.n %% 50,
    e.field, e.old, e.new
from made as m
cross join (values
    (0, 'status', 'new', 'open'), (1, 'status', 'open', 'pending'), (2, 'status', 'pending', 'open'),
    (3, 'status', 'open', 'solved'), (5, 'status', 'solved', 'closed')
) as e (no, field, old, new)
where m.created_at + e.no * m.pace < %(now)s::timestamptz
""",
    """
insert into core.fct_message (source, message_id, update_key, ticket_id, author_key, is_public, sent_at)
select 'desk', m.n || '/' || s.no, m.n || '/' || s.no, m.ticket_id,
    case when s.is_agent then 'a' || m.n %% 50 else 'c' || m.n %% 100000 end, true, m.created_at + s.after * m.pace
from made as m
cross join (values (0, 0.0, false), (1, 1.0, true), (2, 2.0, false), (3, 2.2, false), (4, 3.0, true))
    as s (no, after, is_agent)
where m.created_at + s.after * m.pace < %(now)s::timestamptz
""",
    """
insert into core.fct_satisfaction (source, rating_id, ticket_id, score, rated_at)
select 'desk', ticket_id, ticket_id, case when n %% 7 = 0 then 'bad' else 'good' end, created_at + 4 * pace
from made
where n %% 3 = 0 and created_at + 4 * pace < %(now)s::timestamptz
""",
    "insert into ops.changed_ticket (source, ticket_id) select source, ticket_id from core.fct_ticket",
    "analyze core.fct_ticket",
    "analyze core.fct_ticket_event",
    "analyze core.fct_message",
)

INTERVALS = """
select sum(
    u.seconds_before + case when u.is_open then extract(epoch from i.until_at - u.from_at) else 0 end
    - f.seconds_before - case when f.is_open then extract(epoch from i.since_at - f.from_at) else 0 end
)
from interval_made as i
inner join core.business_time as f
    on f.schedule = 'default' and (i.since_at at time zone 'UTC')::date = f.day_on
    and i.since_at >= f.from_at and i.since_at < f.to_at
inner join core.business_time as u
    on u.schedule = 'default' and (i.until_at at time zone 'UTC')::date = u.day_on
    and i.until_at >= u.from_at and i.until_at < u.to_at
"""


def measure(url: str, tickets: int) -> Iterator[tuple[str, float]]:
    """What was built, and the seconds that it took.

    :param url: a migrated, empty warehouse.
    """
    warehouse = Warehouse(url)
    values = {
        "tickets": tickets, "years": YEARS, "now": f"{LAST_DAY + timedelta(days=1)}T00:00:00Z",
    }  # fmt: skip
    with warehouse.connect() as connection:
        for statement in FILL:
            connection.execute(statement.encode(), values)
        write_service(connection)
        yield f"business time of {10 * tickets:,} intervals", _intervals(connection, 10 * tickets)
    with warehouse.connect(autocommit=True) as connection:
        connection.execute("vacuum analyze")
    year = Window.between(LAST_DAY - timedelta(days=365), LAST_DAY - timedelta(days=1))
    yield "a year from scratch", _build(warehouse, year)
    _change(warehouse, tickets // 200)
    yield "one more day", _build(warehouse, Window.day(LAST_DAY))


def _intervals(connection: psycopg.Connection, count: int) -> float:
    connection.execute(
        "create temp table interval_made on commit drop as"
        " select s.at as since_at, s.at + n * 104729 %% 864000 * interval '1 second' as until_at"
        " from generate_series(1::bigint, %s) as n cross join lateral"
        " (select timestamptz '2023-01-01' + n * 7919 %% 94608000 * interval '1 second' as at) as s",
        [count],
    )
    connection.execute("analyze interval_made")
    started = time.perf_counter()
    connection.execute(INTERVALS)
    return time.perf_counter() - started


def _build(warehouse: Warehouse, window: Window) -> float:
    started = time.perf_counter()
    build_marts(warehouse, "service", window, settle=True)
    return time.perf_counter() - started


def _change(warehouse: Warehouse, tickets: int) -> None:
    """The latest tickets are told anew, as core would note it."""
    with warehouse.connect() as connection:
        connection.execute(
            "insert into ops.changed_ticket (source, ticket_id) select source, ticket_id from core.fct_ticket"
            " order by created_at desc limit %s on conflict do nothing",
            [tickets],
        )
