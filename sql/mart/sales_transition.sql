-- one row per month or quarter, process, member and pair of standard stages: how often one directly followed the other
delete from mart.sales_transition as m
using period as p
where m.period = p.period and m.period_start = p.period_start;

create temp table sales_move on commit drop as
with quarter as (
    select distinct period_start from period
    where period = 'quarter'
),

numbered as (
    select
        source,
        deal_id,
        coalesce(team, '') as team,
        coalesce(region, '') as region,
        row_number() over () as deal_no
    from mart.deal
)

select
    v.process_name,
    coalesce(v.previous_stage, '') as from_stage,
    v.process_stage as to_stage,
    v.move,
    v.is_allowed,
    v.previous_days::float8 as previous_days,
    v.source,
    d.team,
    d.region,
    d.deal_no,
    date_trunc('month', v.entered_at)::date as month_on
from mart.deal_stage as v
inner join quarter as q on date_trunc('quarter', v.entered_at)::date = q.period_start
inner join numbered as d on v.source = d.source and v.deal_id = d.deal_id
where
    v.process_name is not null
    and v.move <> 'within'
    -- the span of them all, which the index finds
    and v.entered_at >= (select min(s.period_start)::timestamptz from quarter as s)
    and v.entered_at < (select max(s.period_start + interval '3 months')::timestamptz from quarter as s);

analyze sales_move;

-- the groups that they are in, numbered: many moves are sorted by a number in a fraction of the time that names take
create temp table move_group on commit drop as
select
    v.process_name,
    v.from_stage,
    v.to_stage,
    v.move,
    v.source,
    v.team,
    v.region,
    v.month_on,
    p.period,
    p.period_start,
    m.dimension,
    m.member,
    dense_rank() over (
        order by
            p.period, p.period_start, v.process_name, m.dimension, m.member, v.from_stage, v.to_stage, v.move
    ) as group_no
from (
    select distinct
        process_name,
        from_stage,
        to_stage,
        move,
        source,
        team,
        region,
        month_on
    from sales_move
) as v
cross join
    lateral (
        values
        ('month', v.month_on),
        ('quarter', date_trunc('quarter', v.month_on)::date)
    ) as g (period, period_start)
inner join period as p on g.period = p.period and g.period_start = p.period_start
cross join
    lateral (
        values
        ('all', ''),
        ('source', v.source),
        ('team', v.team),
        ('region', v.region)
    ) as m (dimension, member);

analyze move_group;

insert into mart.sales_transition (
    period, period_start, process_name, dimension, member, from_stage, to_stage, move, deals, moves, forbidden_moves,
    median_days
)
with made as (
    select
        g.group_no,
        count(distinct v.deal_no) as deals,
        count(*) as moves,
        count(*) filter (where not v.is_allowed) as forbidden_moves,
        (percentile_cont(0.5) within group (order by v.previous_days))::numeric as median_days
    from sales_move as v
    inner join move_group as g
        on
            v.process_name = g.process_name
            and v.from_stage = g.from_stage
            and v.to_stage = g.to_stage
            and v.move = g.move
            and v.source = g.source
            and v.team = g.team
            and v.region = g.region
            and v.month_on = g.month_on
    group by g.group_no
)

select distinct
    g.period,
    g.period_start,
    g.process_name,
    g.dimension,
    g.member,
    g.from_stage,
    g.to_stage,
    g.move,
    m.deals,
    m.moves,
    m.forbidden_moves,
    m.median_days
from made as m
inner join move_group as g on m.group_no = g.group_no;
