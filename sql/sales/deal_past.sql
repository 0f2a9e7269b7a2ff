-- what is learned from: deals on the Sundays of two years before a day, while they were open, whose end was known by
-- that day; at most 50,000, always the same ones
create temp table moment on commit drop as
with sunday as (
    select (d.on_day::date + 1)::timestamptz as at
    from generate_series(
        %(known_to)s::date - mod(extract(isodow from %(known_to)s::date)::integer, 7) - 728, %(known_to)s::date,
        interval '7 days'
    ) as d (on_day)
)

select
    m.source,
    m.deal_id,
    s.at,
    m.status = 'won' as is_won,
    m.closed_at
from mart.deal as m
inner join sunday as s on m.created_at < s.at and m.closed_at >= s.at
where m.status <> 'open' and m.closed_at < (%(known_to)s::date + 1)::timestamptz
order by hashtextextended(m.source || ' ' || m.deal_id || ' ' || s.at::date, 0)
limit 50000;
