-- one row per month or quarter, process, member and pair of standard stages: how often one directly followed the other
delete from mart.sales_transition as m
using period as p
where m.period = p.period and m.period_start = p.period_start;

insert into mart.sales_transition (
    period, period_start, process_name, dimension, member, from_stage, to_stage, move, deals, moves, forbidden_moves,
    median_days
)
with span as (
    select
        min(period_start)::timestamptz as starts_at,
        (max(period_end) + 1)::timestamptz as ends_at
    from period
)

select
    p.period,
    p.period_start,
    v.process_name,
    m.dimension,
    m.member,
    coalesce(v.previous_stage, '') as from_stage,
    v.process_stage as to_stage,
    v.move,
    count(distinct v.source || ':' || v.deal_id) as deals,
    count(*) as moves,
    count(*) filter (where not v.is_allowed) as forbidden_moves,
    (percentile_cont(0.5) within group (order by v.previous_days))::numeric as median_days
from mart.deal_stage as v
inner join span as s on v.entered_at >= s.starts_at and v.entered_at < s.ends_at
inner join mart.deal as d on v.source = d.source and v.deal_id = d.deal_id
cross join
    lateral (
        values
        ('month', date_trunc('month', v.entered_at)::date),
        ('quarter', date_trunc('quarter', v.entered_at)::date)
    ) as g (period, period_start)
inner join period as p on g.period = p.period and g.period_start = p.period_start
cross join
    lateral (
        values
        ('all', ''),
        ('source', v.source),
        ('team', coalesce(d.team, ''))
    ) as m (dimension, member)
where v.process_name is not null and v.move <> 'within'
group by p.period, p.period_start, v.process_name, m.dimension, m.member, v.previous_stage, v.process_stage, v.move;
