-- one row per month or quarter, process, member and standard stage: who entered it, who went on, how long they stayed
-- months and quarters that the days lie in, that changed deals entered stages in, and that have deals too young to say
create temp table cohort on commit drop as
with touched as (
    select distinct date_trunc('month', v.entered_at)::date as month_on
    from mart.deal_stage as v
    inner join ops.changed_deal as c on v.source = c.source and v.deal_id = c.deal_id
    union
    select distinct date_trunc('month', v.exited_at)::date as month_on
    from mart.deal_stage as v
    inner join ops.changed_deal as c on v.source = c.source and v.deal_id = c.deal_id
    where v.exited_at is not null
    union
    select period_start as month_on
    from mart.sales_funnel
    where left_out_deals > 0
    union
    select period_start as month_on
    from period
    where period = 'month'
)

select distinct
    p.period,
    p.period_start,
    (p.period_start + p.length)::date - 1 as period_end
from touched as t
cross join lateral (
    values
    ('month', t.month_on, interval '1 month'),
    ('quarter', date_trunc('quarter', t.month_on)::date, interval '3 months')
) as p (period, period_start, length);

analyze cohort;

-- the deals that were in a stage in these periods, and when each first came to each stage, or past it
create temp table funnel_deal on commit drop as
with span as (
    select
        min(period_start) as first_on,
        max(period_end) as last_on
    from cohort
)

select distinct
    v.source,
    v.deal_id
from mart.deal_stage as v
inner join span as s
    on v.entered_at >= s.first_on::timestamptz and v.entered_at < (s.last_on + 1)::timestamptz
where v.process_step is not null
union
select
    d.source,
    d.deal_id
from mart.deal as d
inner join span as s on d.closed_at >= s.first_on::timestamptz and d.closed_at < (s.last_on + 1)::timestamptz
where d.status = 'won';

analyze funnel_deal;

-- how far a deal came: a skipped stage counts as passed, and winning passes them all
create temp table funnel_step on commit drop as
select
    v.source,
    v.deal_id,
    v.process_name,
    case when v.status = 'won' then 1000000 else v.process_step end as reached,
    min(v.entered_at) as reached_at
from mart.deal_stage as v
inner join funnel_deal as l on v.source = l.source and v.deal_id = l.deal_id
where v.process_step is not null
group by v.source, v.deal_id, v.process_name, case when v.status = 'won' then 1000000 else v.process_step end
union all
select
    d.source,
    d.deal_id,
    d.process_name,
    1000000 as reached,
    d.closed_at as reached_at
from mart.deal as d
inner join funnel_deal as l on d.source = l.source and d.deal_id = l.deal_id
where d.status = 'won' and d.closed_at is not null and d.process_name is not null;

analyze funnel_step;

-- each step stands for itself and for those skipped before it, and a later step reached earlier for all before it
create temp table funnel_entry on commit drop as
with passed as (
    select
        source,
        deal_id,
        process_name,
        reached,
        coalesce(lag(reached) over (partition by source, deal_id, process_name order by reached), 0) as reached_before,
        min(reached_at) over (
            partition by source, deal_id, process_name order by reached desc
        ) as entered_at,
        max(reached) over (partition by source, deal_id, process_name) as furthest
    from funnel_step
),

stage as (
    select distinct
        process_name,
        process_step
    from core.dim_pipeline_stage
    where status = 'open'
)

select
    r.process_name,
    s.process_step,
    r.furthest > s.process_step as has_gone_on,
    d.source,
    coalesce(d.team, '') as team,
    date_trunc('month', r.entered_at)::date as month_on,
    case when d.closed_at is null then extract(epoch from a.ends_at - r.entered_at) / 86400 end as open_days,
    count(*) as deals
from passed as r
inner join stage as s
    on r.process_name = s.process_name and r.reached_before < s.process_step and r.reached >= s.process_step
inner join mart.deal as d on r.source = d.source and r.deal_id = d.deal_id
cross join as_of as a
group by
    r.process_name,
    s.process_step,
    r.furthest > s.process_step,
    d.source,
    coalesce(d.team, ''),
    date_trunc('month', r.entered_at)::date,
    case when d.closed_at is null then extract(epoch from a.ends_at - r.entered_at) / 86400 end;

analyze funnel_entry;

-- the finished visits of each group: sorted by a number for the group, not by its names
create temp table funnel_group on commit drop as
select
    row_number() over () as group_no,
    g.*
from (
    select distinct
        c.period,
        c.period_start,
        p.process_name,
        p.process_step,
        m.dimension,
        m.member
    from cohort as c
    cross join core.dim_pipeline_stage as p
    cross join (
        select
            'all' as dimension,
            '' as member
        union all
        select distinct
            'source' as dimension,
            source as member
        from mart.deal
        union all
        select distinct
            'team' as dimension,
            coalesce(team, '') as member
        from mart.deal
    ) as m
    where p.status = 'open'
) as g;

analyze funnel_group;

create temp table funnel_stay on commit drop as
with visit as (
    select
        v.process_name,
        v.process_step,
        v.source,
        coalesce(d.team, '') as team,
        date_trunc('month', v.exited_at)::date as month_on,
        v.days_in_stage::float8 as days
    from mart.deal_stage as v
    inner join mart.deal as d on v.source = d.source and v.deal_id = d.deal_id
    where v.status = 'open' and v.process_step is not null and v.exited_at is not null
),

numbered as (
    select
        g.group_no,
        v.days
    from visit as v
    cross join
        lateral (
            values
            ('month', v.month_on),
            ('quarter', date_trunc('quarter', v.month_on)::date)
        ) as p (period, period_start)
    cross join
        lateral (
            values
            ('all', ''),
            ('source', v.source),
            ('team', v.team)
        ) as m (dimension, member)
    inner join funnel_group as g
        on
            p.period = g.period
            and p.period_start = g.period_start
            and v.process_name = g.process_name
            and v.process_step = g.process_step
            and m.dimension = g.dimension
            and m.member = g.member
),

stay as (
    select
        group_no,
        count(*) as finished_visits,
        percentile_cont(0.5) within group (order by days)::numeric as median_days,
        percentile_cont(0.9) within group (order by days)::numeric as p90_days
    from numbered
    group by group_no
)

select
    g.period,
    g.period_start,
    g.process_name,
    g.process_step,
    g.dimension,
    g.member,
    s.finished_visits,
    s.median_days,
    s.p90_days
from stay as s
inner join funnel_group as g on s.group_no = g.group_no;

analyze funnel_stay;

delete from mart.sales_funnel as m
using cohort as c
where m.period = c.period and m.period_start = c.period_start;

insert into mart.sales_funnel (
    period, period_start, process_name, dimension, member, stage_name, process_step, entered_deals, gone_on_deals,
    conversion, left_out_deals, finished_visits, median_days, p90_days
)
with entry as (
    select
        c.period,
        c.period_start,
        e.process_name,
        e.process_step,
        e.has_gone_on,
        e.open_days,
        e.deals,
        m.dimension,
        m.member
    from funnel_entry as e
    cross join
        lateral (
            values
            ('month', e.month_on),
            ('quarter', date_trunc('quarter', e.month_on)::date)
        ) as p (period, period_start)
    inner join cohort as c on p.period = c.period and p.period_start = c.period_start
    cross join lateral (
        values
        ('all', ''),
        ('source', e.source),
        ('team', e.team)
    ) as m (dimension, member)
),

-- open deals younger than the stage's median stay say nothing yet
counted as (
    select
        e.period,
        e.period_start,
        e.process_name,
        e.process_step,
        e.dimension,
        e.member,
        coalesce(sum(e.deals) filter (where (e.open_days < s.median_days) is not true), 0) as entered_deals,
        coalesce(sum(e.deals) filter (where e.has_gone_on and (e.open_days < s.median_days) is not true), 0)
            as gone_on_deals,
        coalesce(sum(e.deals) filter (where e.open_days < s.median_days), 0) as left_out_deals
    from entry as e
    left join funnel_stay as s
        on
            e.period = s.period
            and e.period_start = s.period_start
            and e.process_name = s.process_name
            and e.process_step = s.process_step
            and e.dimension = s.dimension
            and e.member = s.member
    group by e.period, e.period_start, e.process_name, e.process_step, e.dimension, e.member
),

stage as (
    select
        process_name,
        process_step,
        min(process_stage) as process_stage
    from core.dim_pipeline_stage
    where status = 'open'
    group by process_name, process_step
)

select
    coalesce(c.period, s.period) as period,
    coalesce(c.period_start, s.period_start) as period_start,
    coalesce(c.process_name, s.process_name) as process_name,
    coalesce(c.dimension, s.dimension) as dimension,
    coalesce(c.member, s.member) as member,
    g.process_stage as stage_name,
    coalesce(c.process_step, s.process_step) as process_step,
    coalesce(c.entered_deals, 0) as entered_deals,
    coalesce(c.gone_on_deals, 0) as gone_on_deals,
    c.gone_on_deals::numeric / nullif(c.entered_deals, 0) as conversion,
    coalesce(c.left_out_deals, 0) as left_out_deals,
    coalesce(s.finished_visits, 0) as finished_visits,
    s.median_days,
    s.p90_days
from counted as c
full outer join funnel_stay as s
    on
        c.period = s.period
        and c.period_start = s.period_start
        and c.process_name = s.process_name
        and c.process_step = s.process_step
        and c.dimension = s.dimension
        and c.member = s.member
inner join stage as g
    on
        coalesce(c.process_name, s.process_name) = g.process_name
        and coalesce(c.process_step, s.process_step) = g.process_step;
