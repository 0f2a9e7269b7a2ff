-- one row per month or quarter, process, member and standard stage: who entered it, who went on, how long they stayed
-- months and quarters that the days lie in, that changed deals entered stages in, and that have deals too young to say
create temp table cohort on commit drop as
select
    period,
    period_start,
    period_end
from period
where period in ('month', 'quarter')
union
select
    p.period,
    p.period_start,
    (p.period_start + p.length)::date - 1 as period_end
from (
    select
        v.entered_at,
        v.exited_at
    from mart.deal_stage as v
    inner join ops.changed_deal as c on v.source = c.source and v.deal_id = c.deal_id
    union
    select
        f.period_start::timestamptz as entered_at,
        null as exited_at
    from mart.sales_funnel as f
    where f.left_out_deals > 0
) as v
cross join lateral (values (v.entered_at), (v.exited_at)) as e (at)
cross join
    lateral (
        values
        ('month', date_trunc('month', e.at)::date, interval '1 month'),
        ('quarter', date_trunc('quarter', e.at)::date, interval '3 months')
    ) as p (period, period_start, length)
where e.at is not null;

analyze cohort;

-- the deals that were in a stage in these periods, and when each first came to each stage, or past it
create temp table funnel_entry on commit drop as
with span as (
    select
        min(period_start) as first_on,
        max(period_end) as last_on
    from cohort
),

lately as (
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
    where d.status = 'won'
),

-- how far a deal came: a skipped stage counts as passed, and winning passes them all
step as (
    select
        v.source,
        v.deal_id,
        v.process_name,
        case when v.status = 'won' then 1000000 else v.process_step end as reached,
        min(v.entered_at) as reached_at
    from mart.deal_stage as v
    inner join lately as l on v.source = l.source and v.deal_id = l.deal_id
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
    inner join lately as l on d.source = l.source and d.deal_id = l.deal_id
    where d.status = 'won' and d.closed_at is not null and d.process_name is not null
),

stage as (
    select distinct
        process_name,
        process_step,
        process_stage
    from core.dim_pipeline_stage
    where status = 'open'
)

select
    r.source,
    r.deal_id,
    s.process_name,
    s.process_step,
    min(r.reached_at) as entered_at,
    max(r.reached) > s.process_step as has_gone_on
from step as r
inner join stage as s on r.process_name = s.process_name and r.reached >= s.process_step
group by r.source, r.deal_id, s.process_name, s.process_step;

analyze funnel_entry;

delete from mart.sales_funnel as m
using cohort as c
where m.period = c.period and m.period_start = c.period_start;

insert into mart.sales_funnel (
    period, period_start, process_name, dimension, member, stage_name, process_step, entered_deals, gone_on_deals,
    conversion, left_out_deals, finished_visits, median_days, p90_days
)
with visit as (
    select
        v.source,
        d.team,
        v.process_name,
        v.process_step,
        v.days_in_stage,
        v.exited_at
    from mart.deal_stage as v
    inner join mart.deal as d on v.source = d.source and v.deal_id = d.deal_id
    where v.status = 'open' and v.process_step is not null and v.exited_at is not null
),

stay as (
    select
        c.period,
        c.period_start,
        v.process_name,
        v.process_step,
        m.dimension,
        m.member,
        count(*) as finished_visits,
        (percentile_cont(0.5) within group (order by v.days_in_stage))::numeric as median_days,
        (percentile_cont(0.9) within group (order by v.days_in_stage))::numeric as p90_days
    from visit as v
    cross join
        lateral (
            values
            ('month', date_trunc('month', v.exited_at)::date),
            ('quarter', date_trunc('quarter', v.exited_at)::date)
        ) as p (period, period_start)
    inner join cohort as c on p.period = c.period and p.period_start = c.period_start
    cross join
        lateral (
            values
            ('all', ''),
            ('source', v.source),
            ('team', coalesce(v.team, ''))
        ) as m (dimension, member)
    group by c.period, c.period_start, v.process_name, v.process_step, m.dimension, m.member
),

entry as (
    select
        c.period,
        c.period_start,
        e.process_name,
        e.process_step,
        e.has_gone_on,
        m.dimension,
        m.member,
        case when d.closed_at is null then extract(epoch from a.ends_at - e.entered_at) / 86400 end as open_days
    from funnel_entry as e
    cross join
        lateral (
            values
            ('month', date_trunc('month', e.entered_at)::date),
            ('quarter', date_trunc('quarter', e.entered_at)::date)
        ) as p (period, period_start)
    inner join cohort as c on p.period = c.period and p.period_start = c.period_start
    inner join mart.deal as d on e.source = d.source and e.deal_id = d.deal_id
    cross join as_of as a
    cross join lateral (
        values
        ('all', ''),
        ('source', e.source),
        ('team', coalesce(d.team, ''))
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
        count(*) filter (where (e.open_days < s.median_days) is not true) as entered_deals,
        count(*) filter (where e.has_gone_on and (e.open_days < s.median_days) is not true) as gone_on_deals,
        count(*) filter (where e.open_days < s.median_days) as left_out_deals
    from entry as e
    left join stay as s
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
full outer join stay as s
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
