-- one row per period and ticket rated in it: the last good or bad rating before the period's end
create temp table rating on commit drop as
with period as (
    select
        'current' as period,
        %(window_start)s::timestamptz as starts_at,
        %(window_end)s::timestamptz as ends_at
    union all
    select
        'previous' as period,
        %(previous_start)s::timestamptz as starts_at,
        %(window_start)s::timestamptz as ends_at
),

satisfaction as (
    select
        source,
        ticket_id,
        score,
        rated_at,
        row_number() over (
            partition by source, ticket_id
            order by rated_at asc, rating_id collate "C" asc
        ) as rating_no
    from core.fct_satisfaction
    where source = any(%(sources)s) and score in ('good', 'bad')
),

latest as (
    select distinct on (p.period, f.source, f.ticket_id)
        p.period,
        p.starts_at,
        f.source,
        f.ticket_id,
        f.score,
        f.rated_at
    from satisfaction as f
    inner join period as p on f.rated_at < p.ends_at
    inner join mart.ticket as t on f.source = t.source and f.ticket_id = t.ticket_id
    order by p.period asc, f.source asc, f.ticket_id asc, f.rating_no desc
)

select
    period,
    source,
    ticket_id,
    score
from latest
where rated_at >= starts_at;
