-- what is told: the deals that are open at the end of a day
create temp table moment on commit drop as
select
    m.source,
    m.deal_id,
    (%(last_day)s::date + 1)::timestamptz as at,
    null::boolean as is_won,
    null::timestamptz as closed_at
from mart.deal as m
where
    m.created_at < (%(last_day)s::date + 1)::timestamptz
    and (m.closed_at is null or m.closed_at >= (%(last_day)s::date + 1)::timestamptz);
