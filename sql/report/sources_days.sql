-- one row per source and day of the window that failed, or that nothing was published or loaded for
with day as (
    select
        s.source,
        d.day_at::date as day_on,
        d.day_at at time zone %(timezone)s as starts_at,
        (d.day_at + interval '1 day') at time zone %(timezone)s as ends_at
    from unnest(%(sources)s::text[]) as s (source)
    cross join
        generate_series(%(first_day)s::date::timestamp, %(last_day)s::date::timestamp, interval '1 day') as d (day_at)
),

-- files are given by hand, whole: a source that only comes so misses no day
by_hand as (
    select source
    from ops.load
    where state = 'staged'
    group by source
    having bool_and(kind in ('file', 'replay'))
),

loaded as (
    select distinct
        d.source,
        d.day_on
    from day as d
    inner join ops.load as l on d.source = l.source and d.starts_at >= l.window_start and d.ends_at <= l.window_end
    where l.state = 'staged' and l.kind <> 'hook' -- webhooks tell of a part of their day
),

judged as (
    select
        d.source,
        d.day_on,
        case
            when p.state is not null then p.state
            when h.source is null and l.source is null then 'missing'
            else 'ok'
        end as state
    from day as d
    left join ops.source_day as p on d.source = p.source and d.day_on = p.day_on
    left join by_hand as h on d.source = h.source
    left join loaded as l on d.source = l.source and d.day_on = l.day_on
)

select
    source,
    day_on,
    state
from judged
where state <> 'ok'
order by source collate "C", day_on;
