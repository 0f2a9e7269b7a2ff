"""A million deals with ten million visits to stages, made up inside the database: how long the sales marts take.

Four years of deals of a thousand reps in three currencies, each with ten visits on its way to won, lost or still open,
and a close date that was moved twice. The last year is built from scratch, then one more day on which deals changed,
alone and with every earlier day of the year marked as changed by them. What the models take is told apart.
"""

import time
from collections.abc import Iterator
from datetime import date, timedelta

from include.sales.models import model_sales
from include.settings import TIMEZONE
from include.warehouse.connection import Warehouse
from include.warehouse.marts import build_marts
from include.window import Window

LAST_DAY = date(2026, 11, 24)
YEARS = 4
VISITS = 10

FILL = (
    """
insert into core.dim_pipeline_stage (
    source, stage_key, pipeline_key, pipeline_name, stage_name, position, probability, status, process_name,
    process_stage, process_position, process_step
)
select
    'crm', 's' || n, 'p', 'Sales', 'Stage ' || n, n, n / 10.0,
    case n when 8 then 'won' when 9 then 'lost' else 'open' end,
    'Sales', 'Stage ' || n, n, case when n < 9 then n + 1 end
from generate_series(0, 9) as n
""",
    """
insert into core.dim_rep (rep_id, valid_from, is_current, source, full_name, team, region)
select 'crm:' || n, '2020-01-01', true, 'crm', 'Rep ' || n, 'Team ' || n %% 50, 'Region ' || n %% 8
from generate_series(0, 999) as n
""",
    """
insert into core.currency_rate (currency, rate_on, per_euro)
select c.currency, d::date, c.rate * (1 + (d::date - date '2020-01-01') / 100000.0)
from generate_series(timestamp '2020-01-01', %(last_day)s::timestamp, '1 day') as d
cross join (values ('USD', 1.1), ('GBP', 0.85)) as c (currency, rate)
where extract(isodow from d) < 6
""",
    # 30 to 119 days from creation to close, of which half are won
    """
create temp table made as
select
    n::text as deal_id,
    n,
    m.starts_at,
    m.starts_at + x.days as closes_at,
    m.starts_at + x.days < %(now)s::timestamptz as is_closed,
    x.days
from generate_series(1, %(deals)s) as n
cross join lateral (
    select %(now)s::timestamptz - (n::float8 / %(deals)s) * %(years)s * interval '365 days' as starts_at
) as m
cross join lateral (select (30 + n::bigint * 7919 %% 90) * interval '1 day' as days) as x
""",
    "analyze made",
    """
insert into core.fct_deal (
    source, deal_id, name, pipeline_key, stage_key, amount, currency, owner_key, product_name, lead_source, created_at,
    closed_at, first_seen_at, is_deleted
)
select
    'crm', deal_id, 'Deal ' || n, 'p',
    case when not is_closed then 's' || n %% 8 when n %% 2 = 0 then 's8' else 's9' end,
    100 + n * 31 %% 5000, (array['USD', 'EUR', 'GBP'])[1 + n %% 3], (n * 17 %% 1000)::text, 'Product ' || n %% 20,
    'Channel ' || n %% 9, starts_at, closes_at, starts_at, false
from made
""",
    # eight stages in order, with one step back in every fourth deal and one left out in every fifth
    """
insert into core.fct_deal_stage (source, deal_id, visit_no, stage_key, entered_at, exited_at, origin)
select
    'crm', m.deal_id, v.no,
    case
        when v.no < %(visits)s then 's' || least(
            v.no - 1 - (m.n %% 4 = 0 and v.no > 4)::integer + (m.n %% 5 = 0 and v.no > 6)::integer, 7
        )
        when m.n %% 2 = 0 then 's8' else 's9'
    end,
    m.starts_at + m.days * (v.no - 1) / (%(visits)s - 1),
    case when v.no < %(visits)s and m.starts_at + m.days * v.no / (%(visits)s - 1) < %(now)s::timestamptz
        then m.starts_at + m.days * v.no / (%(visits)s - 1) end,
    'history'
from made as m
cross join generate_series(1, %(visits)s) as v (no)
where m.starts_at + m.days * (v.no - 1) / (%(visits)s - 1) < %(now)s::timestamptz
""",
    """
insert into core.fct_deal_close_date (source, deal_id, version_no, expected_close_on, known_from, known_to)
select
    'crm', m.deal_id, v.no, (m.closes_at - (3 - v.no) * interval '11 days')::date,
    m.starts_at + (v.no - 1) * interval '9 days',
    case when v.no < 3 then m.starts_at + v.no * interval '9 days' end
from made as m
cross join generate_series(1, 3) as v (no)
""",
    "insert into ops.changed_deal (source, deal_id) select source, deal_id from core.fct_deal",
    "analyze core.fct_deal",
    "analyze core.fct_deal_stage",
    "analyze core.fct_deal_close_date",
    "analyze core.currency_rate",
)


def measure(url: str, deals: int) -> Iterator[tuple[str, float]]:
    """What was built, and the seconds that it took.

    :param url: a migrated, empty warehouse.
    """
    warehouse = Warehouse(url)
    values = {"deals": deals, "years": YEARS, "visits": VISITS, "last_day": LAST_DAY,
              "now": f"{LAST_DAY + timedelta(days=1)}T00:00:00Z"}  # fmt: skip
    with warehouse.connect() as connection:
        for statement in FILL:
            connection.execute(statement.encode(), values)
    with warehouse.connect(autocommit=True) as connection:
        connection.execute("vacuum analyze")
    year = Window.between(LAST_DAY - timedelta(days=365), LAST_DAY - timedelta(days=1))
    yield "a year from scratch", _build(warehouse, year, settle=False)
    yield "models for the first time", _model(warehouse)
    _change(warehouse, deals // 500)
    yield "one more day", _build(warehouse, Window.day(LAST_DAY), settle=False)
    yield "models of one more day", _model(warehouse)
    with warehouse.connect() as connection:
        connection.execute("update ops.mart_day set is_stale = true where subject = 'sales'")
    _change(warehouse, deals // 500)
    yield (
        "one more day, the year's days that it marks, and models",
        _build(warehouse, Window.day(LAST_DAY), settle=True),
    )


def _build(warehouse: Warehouse, window: Window, *, settle: bool) -> float:
    started = time.perf_counter()
    build_marts(warehouse, "sales", window, settle=settle)
    return time.perf_counter() - started


def _model(warehouse: Warehouse) -> float:
    started = time.perf_counter()
    with warehouse.connect() as connection:
        connection.execute("select set_config('timezone', %s, true)", [TIMEZONE.key])
        model_sales(connection)
    return time.perf_counter() - started


def _change(warehouse: Warehouse, deals: int) -> None:
    """Deals of the last four months get another amount, as core would note it."""
    with warehouse.connect() as connection:
        connection.execute(
            "with changed as (update core.fct_deal set amount = amount + 1 where deal_id::bigint <= %s"
            " returning source, deal_id) insert into ops.changed_deal select source, deal_id from changed",
            [deals],
        )
