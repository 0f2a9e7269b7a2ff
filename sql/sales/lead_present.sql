-- what is told: the leads that are open at the end of a day and may still be converted in time
create temp table moment on commit drop as
select
    m.source,
    m.lead_id,
    (%(last_day)s::date + 1)::timestamptz as at,
    null::boolean as is_won,
    null::timestamptz as closed_at
from mart.lead as m
where
    m.created_at < (%(last_day)s::date + 1)::timestamptz and m.decided_at >= (%(last_day)s::date + 1)::timestamptz;
