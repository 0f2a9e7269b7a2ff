"""The monthly reports of a warehouse with a million customers: ``python -m tests.bench.reports URL FOLDER``.

Made up inside the database: a million customers, three million orders over three years, half a million deals and half
a million tickets over two, and what the report tells of a customer's worth and of promises. Rendered is what the
monthly DAG renders: the three reports and the summary, in English and Chinese, as page, PDF and workbook, one after the
other in one process, as its task does, whose peak of memory is taken.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from include.reports.language import LANGUAGES
from include.reports.render import SUBJECTS, render_all
from include.warehouse.connection import Warehouse
from include.window import Window

MONTH = Window.month("2026-10-01")
SOURCES = ["crm", "desk", "shop"]

FILL = (
    """
create temp table person as
select
    n, 'c' || n as customer_id, 'Person ' || n as full_name, 'Firm ' || n %% 50000 as company_name,
    (array['DE', 'US', 'CN', 'GB', 'FR', 'BR'])[1 + n %% 6] as country,
    %(end)s::timestamptz - (n::float8 / %(people)s) * interval '1095 days' - interval '1 hour' as seen_at
from generate_series(1, %(people)s) as n
""",
    "alter table core.dim_customer drop constraint no_overlap_of_customer",
    """
insert into core.dim_customer (customer_id, valid_from, is_current, full_name, company_name, country, first_seen_at)
select customer_id, seen_at, true, full_name, company_name, country, seen_at from person
""",
    """
insert into mart.customer_360 (customer_id, full_name, company_name, country, first_seen_at, records, sources, orders,
    order_amount, completeness)
select customer_id, full_name, company_name, country, seen_at, 1, '{crm,shop}', 3, 300, 0.6 from person
""",
    """
insert into mart.customer_order (source, order_id, customer_id, ordered_at, ordered_on, amount, currency, lines)
select 'shop', n || '/' || k, customer_id, at, at::date, 20 + n %% 300, (array['EUR', 'USD'])[1 + n %% 2], 1 + n %% 4
from person
cross join generate_series(0, 2) as k
cross join lateral (select seen_at + (%(end)s::timestamptz - seen_at) * k / 3.0 as at) as o
""",
    """
insert into mart.customer_rfm_monthly (month_on, customer_id, currency, recency_days, frequency, monetary, revenue,
    recency_score, frequency_score, monetary_score)
select m.month_on, r.customer_id, r.currency, r.recency_days, r.frequency, r.monetary, r.revenue, r.recency_score,
    r.frequency_score, r.monetary_score
from (values ('2026-09-30'::date), ('2026-10-31')) as m (month_on)
cross join lateral mart.customer_rfm((m.month_on + 1)::timestamptz, m.month_on) as r
""",
    """
insert into ops.mart_day (subject, day_on, is_stale)
select s, d::date, false
from (values ('customers'), ('sales'), ('service')) as subject (s)
cross join generate_series('2026-09-30'::timestamp, '2026-10-31', '1 day') as d
""",
    """
insert into mart.customer_value (customer_id, as_of_on, currency, recency_days, frequency, monetary, revenue,
    recency_score, frequency_score, monetary_score, segment, p_alive, expected_purchases, expected_spend,
    lifetime_value, cluster, cluster_month_before)
select customer_id, '2026-10-31', 'EUR', 1 + n %% 900, 3, 100, 300, 1 + n %% 5, 1 + n / 5 %% 5, 1 + n / 25 %% 5,
    'Loyal', 0.7, 2, 100, 150 + n %% 100, 'group ' || n %% 6, 'group ' || n %% 7 %% 6
from person
""",
    """
insert into mart.deal (source, deal_id, deal_name, status, pipeline_name, stage_name, stage_position, probability,
    amount, currency, rep_id, rep_name, team, region, company_name, product_name, created_at, closed_at,
    sales_cycle_days)
select 'crm', n::text, 'Deal ' || n, status, 'Sales', case status when 'won' then 'Won' when 'lost' then 'Lost' else
    'Stage ' || n %% 5 end, n %% 5, case status when 'won' then 1 when 'lost' then 0 else 0.2 * (n %% 5) end,
    1000 + n %% 9000, 'USD', 'r' || n %% 400, 'Rep ' || n %% 400, 'Team ' || n %% 20, 'Region ' || n %% 6,
    'Firm ' || n %% 50000, 'Product ' || n %% 40, created_at, case when status <> 'open' then created_at + pace end,
    case when status = 'won' then extract(epoch from pace) / 86400 end
from (
    select n, at as created_at, (5 + n %% 90) * interval '1 day' as pace,
        case when at + (5 + n %% 90) * interval '1 day' >= %(end)s then 'open'
            when n %% 3 = 0 then 'lost' else 'won' end as status
    from generate_series(1, %(people)s / 2) as n
    cross join lateral (select %(end)s::timestamptz - (n * 2.0::float8 / %(people)s) * interval '730 days' as at) as t
) as d
""",
    """
insert into mart.deal_stage (source, deal_id, visit_no, stage_key, stage_name, stage_position, probability, status,
    entered_at, exited_at, days_in_stage, process_name, process_stage, process_step, origin, move)
select 'crm', n::text, v, 's' || v, 'Stage ' || v, v, 0.2 * v, 'open', at + v * interval '2 days',
    at + (v + 1) * interval '2 days', 2, 'Sales', 'Stage ' || v, v, 'history', 'forward'
from generate_series(1, %(people)s / 2) as n
cross join lateral (select %(end)s::timestamptz - (n * 2.0::float8 / %(people)s) * interval '730 days' as at) as t
cross join generate_series(0, n %% 5) as v
""",
    """
insert into mart.ticket (source, ticket_id, subject, status, priority, channel, assignee_id, assignee_name, group_name,
    company_name, created_at, first_reply_at, first_reply_minutes, last_solved_at, full_resolution_minutes,
    agent_wait_minutes, requester_wait_minutes, on_hold_minutes, public_replies, reopens, assignee_handoffs,
    group_handoffs)
select 'desk', n::text, 'Ticket ' || n, case when solved_at < %(end)s then 'solved' else 'open' end,
    (array['low', 'normal', 'high', 'urgent'])[1 + n %% 4], (array['email', 'web', 'chat'])[1 + n %% 3], 'a' || n %% 60,
    'Agent ' || n %% 60, 'Group ' || n %% 10, 'Firm ' || n %% 50000, at, at + n %% 600 * interval '1 minute', n %% 600,
    case when solved_at < %(end)s then solved_at end, case when solved_at < %(end)s then n %% 9000 end, 0, 0, 0,
    1 + n %% 3,
    case when n %% 9 = 0 then 1 else 0 end, n %% 2, 0
from generate_series(1, %(people)s / 2) as n
cross join lateral (select %(end)s::timestamptz - (n * 2.0::float8 / %(people)s) * interval '730 days' as at) as t
cross join lateral (select at + n %% 9000 * interval '1 minute' as solved_at) as s
""",
    """
insert into mart.ticket_status (source, ticket_id, stay_no, status, entered_at, exited_at)
select source, ticket_id, 1, 'open', created_at, last_solved_at from mart.ticket
union all
select source, ticket_id, 2, 'solved', last_solved_at, null from mart.ticket where last_solved_at is not null
""",
    """
insert into mart.ticket_sla (source, ticket_id, measure, instance_no, policy_name, priority, schedule, is_business,
    target_minutes, applied_at, breach_at, achieved_at, decided_at, state, elapsed_minutes, remaining_minutes)
select source, ticket_id, 'first_reply', 1, 'Policy', priority, 'default', false, 480, created_at,
    created_at + interval '8 hours', first_reply_at, least(first_reply_at, created_at + interval '8 hours'),
    case when first_reply_minutes <= 480 then 'achieved' else 'breached' end, first_reply_minutes,
    480 - first_reply_minutes
from mart.ticket
""",
)


def fill(url: str, people: int) -> None:
    """Make the company up; `people` customers, three orders each, half as many deals, and as many tickets."""
    with Warehouse(url).connect() as connection:
        for statement in FILL:
            connection.execute(statement, {"people": people, "end": MONTH.end})
    with Warehouse(url).connect(autocommit=True) as connection:
        connection.execute("vacuum analyze")


def measure(url: str, folder: Path) -> dict[str, float]:
    """Seconds of all, the peak of memory in MB, and the largest files, in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench.reports", url, str(folder)], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(ran.stdout.splitlines()[-1])


def main(url: str, folder: Path) -> None:
    warehouse = Warehouse(url)
    told: dict[str, float] = {}
    first = time.perf_counter()
    editions = render_all(warehouse, list(SUBJECTS), MONTH, SOURCES, folder, ("pdf", "xlsx"), LANGUAGES)
    assert len(editions) == len(LANGUAGES) * len(SUBJECTS)
    told["all"] = time.perf_counter() - first
    told["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for kind in ("html", "pdf", "xlsx"):
        told[f"{kind} kB"] = max(path.stat().st_size for path in folder.rglob(f"*.{kind}")) / 1000
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
