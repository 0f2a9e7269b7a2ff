-- one row: what happened since the day began, and when the marts were built last
with deals as (
    select
        count(*) filter (where created_at >= %(day_start)s) as created_deals,
        count(*) filter (where status = 'won' and closed_at >= %(day_start)s) as won_deals,
        count(*) filter (where status = 'lost' and closed_at >= %(day_start)s) as lost_deals
    from mart.deal
    where created_at >= %(day_start)s or closed_at >= %(day_start)s
),

tickets as (
    select
        count(*) filter (where created_at >= %(day_start)s) as created_tickets,
        count(*) filter (where last_solved_at >= %(day_start)s) as solved_tickets
    from mart.ticket
    where created_at >= %(day_start)s or last_solved_at >= %(day_start)s
),

built as (
    select
        max(built_at) as built_at,
        count(*) filter (where is_stale) as stale_days
    from ops.mart_day
)

select
    b.built_at,
    b.stale_days,
    d.created_deals,
    d.won_deals,
    d.lost_deals,
    t.created_tickets,
    t.solved_tickets
from built as b
cross join deals as d
cross join tickets as t;
