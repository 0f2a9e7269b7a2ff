-- one row per source: up to when it is known, what its loads of the last seven days brought, and what waits
with named as (
    select n.source
    from unnest(%(sources)s::text[]) as n (source)
),

brought as (
    select
        source,
        max(started_at) as loaded_at,
        max(window_end) filter (where state = 'staged' and kind not in ('replay', 'hook')) as known_until,
        count(*) filter (where started_at > %(week_ago)s and state in ('stopped', 'failed')) as troubled,
        coalesce(sum(received) filter (where started_at > %(week_ago)s), 0)::bigint as received,
        coalesce(sum(inserted) filter (where started_at > %(week_ago)s), 0)::bigint as inserted,
        coalesce(sum(unchanged) filter (where started_at > %(week_ago)s), 0)::bigint as unchanged,
        coalesce(sum(unreadable) filter (where started_at > %(week_ago)s), 0)::bigint as unreadable
    from ops.load
    group by source
),

waiting as (
    select
        source,
        count(*) as waiting
    from ops.quarantine
    where state = 'open'
    group by source
),

drifted as (
    select
        source,
        count(*) as drifts
    from ops.drift
    where noticed_at > %(month_ago)s
    group by source
),

failed as (
    select
        source,
        count(*) as failed_days
    from ops.source_day
    where state = 'failed' and published_at > %(month_ago)s
    group by source
),

told as (
    select
        source,
        count(*) as webhooks
    from ops.webhook
    where state = 'waiting'
    group by source
)

select
    n.source,
    b.loaded_at,
    b.known_until,
    coalesce(b.troubled, 0) as troubled,
    coalesce(b.received, 0) as received,
    coalesce(b.inserted, 0) as inserted,
    coalesce(b.unchanged, 0) as unchanged,
    coalesce(b.unreadable, 0) as unreadable,
    coalesce(w.waiting, 0) as waiting,
    coalesce(d.drifts, 0) as drifts,
    coalesce(f.failed_days, 0) as failed_days,
    coalesce(t.webhooks, 0) as webhooks
from named as n
left join brought as b on n.source = b.source
left join waiting as w on n.source = w.source
left join drifted as d on n.source = d.source
left join failed as f on n.source = f.source
left join told as t on n.source = t.source
order by n.source;
