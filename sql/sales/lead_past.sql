-- what is learned from: leads on the Sundays of two years before a day, while they were open; only of those that were
-- made so long ago that the end of all is known, which is when a lead's end counts as known: of younger ones the
-- converted would be known and the others not
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
    m.lead_id,
    s.at,
    m.status = 'converted' and m.closed_at <= m.decided_at as is_won,
    m.created_at + interval '180 days' as closed_at
from mart.lead as m
inner join sunday as s on m.created_at < s.at and m.decided_at >= s.at
where m.created_at < (%(known_to)s::date + 1)::timestamptz - interval '180 days'
order by hashtextextended(m.source || ' ' || m.lead_id || ' ' || s.at::date, 0)
limit 50000;
