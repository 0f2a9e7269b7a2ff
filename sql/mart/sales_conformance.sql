-- one row per month or quarter of closing, process and member: how many deals took the standard path
delete from mart.sales_conformance as m
using period as p
where m.period = p.period and m.period_start = p.period_start;

insert into mart.sales_conformance (
    period, period_start, process_name, dimension, member, closed_deals, standard_deals, skipping_deals,
    repeating_deals, back_deals, forbidden_deals, unknown_deals, standard_share
)
select
    p.period,
    p.period_start,
    w.process_name,
    m.dimension,
    m.member,
    count(*) as closed_deals,
    count(*) filter (where w.is_standard) as standard_deals,
    count(*) filter (where w.skipped_stages > 0) as skipping_deals,
    count(*) filter (where w.repeated_stages > 0) as repeating_deals,
    count(*) filter (where w.back_moves > 0) as back_deals,
    count(*) filter (where w.forbidden_moves > 0) as forbidden_deals,
    count(*) filter (where w.unknown_stages > 0) as unknown_deals,
    avg(w.is_standard::integer) as standard_share
from mart.deal as d
inner join mart.deal_path as w on d.source = w.source and d.deal_id = w.deal_id
cross join
    lateral (
        values
        ('month', date_trunc('month', d.closed_at)::date),
        ('quarter', date_trunc('quarter', d.closed_at)::date)
    ) as g (period, period_start)
inner join period as p on g.period = p.period and g.period_start = p.period_start
cross join
    lateral (
        values
        ('all', ''),
        ('source', d.source),
        ('team', coalesce(d.team, '')),
        ('region', coalesce(d.region, ''))
    ) as m (dimension, member)
where w.process_name is not null
group by p.period, p.period_start, w.process_name, m.dimension, m.member;
