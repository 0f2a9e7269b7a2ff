-- one row per month or quarter, process, member and standard stage: who entered it, who went on, how long they stayed
-- of the months and quarters that are built: those that the days lie in, that changed deals entered stages in, and that
-- have deals too young to say
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
),

built as (
    select distinct date_trunc('month', day_on)::date as month_on
    from (
        select day_on from day
        union all
        select day_on from ops.mart_day
        where subject = 'sales'
    ) as d
)

select distinct
    p.period,
    p.period_start,
    p.period_start::timestamptz as starts_at,
    (p.period_start + case p.period when 'month' then interval '1 month' else interval '3 months' end)::timestamptz
        as ends_at
from touched as t
cross join
    lateral (
        values
        ('month', t.month_on),
        ('quarter', date_trunc('quarter', t.month_on)::date)
    ) as p (period, period_start)
inner join built as b on p.period_start = date_trunc(p.period, b.month_on)::date;

analyze cohort;

-- the visits that began or ended in these quarters, and those between them
create temp table cohort_visit on commit drop as
with span as (
    select
        min(starts_at) as starts_at,
        max(ends_at) as ends_at
    from cohort
)

select
    v.source,
    v.deal_id,
    v.process_name,
    v.process_step,
    v.status,
    v.days_in_stage::float8 as days,
    date_trunc('quarter', v.entered_at)::date as entered_quarter,
    date_trunc('month', v.exited_at)::date as exited_month,
    date_trunc('quarter', v.exited_at)::date as exited_quarter
from mart.deal_stage as v
inner join span as s
    on
        (v.entered_at >= s.starts_at and v.entered_at < s.ends_at)
        or (v.exited_at >= s.starts_at and v.exited_at < s.ends_at)
where v.process_step is not null;

analyze cohort_visit;

-- the deals that were in a stage in these periods, and when each first came to each stage, or past it; numbered: many
-- rows are sorted by a number in a fraction of the time that keys and names take
create temp table funnel_deal on commit drop as
with entered as (
    select
        v.source,
        v.deal_id
    from cohort_visit as v
    inner join cohort as c on c.period = 'quarter' and v.entered_quarter = c.period_start
    union
    select
        d.source,
        d.deal_id
    from mart.deal as d
    inner join cohort as c on c.period = 'quarter' and date_trunc('quarter', d.closed_at)::date = c.period_start
    where d.status = 'won'
)

select
    d.source,
    d.deal_id,
    d.status,
    d.process_name,
    d.closed_at,
    coalesce(d.team, '') as team,
    coalesce(d.region, '') as region,
    row_number() over () as deal_no
from mart.deal as d
inner join entered as e on d.source = e.source and d.deal_id = e.deal_id;

analyze funnel_deal;

-- how far a deal came: a skipped stage counts as passed, and winning passes them all
create temp table funnel_step on commit drop as
select
    l.deal_no,
    r.process_name,
    r.reached,
    r.reached_at
from funnel_deal as l
-- deal by deal, since these are a few of all
cross join
    lateral (
        select
            v.process_name,
            case when v.status = 'won' then 1000000 else v.process_step end as reached,
            min(v.entered_at) as reached_at
        from mart.deal_stage as v
        where v.source = l.source and v.deal_id = l.deal_id and v.process_step is not null
        group by v.process_name, case when v.status = 'won' then 1000000 else v.process_step end
    ) as r
union all
select
    l.deal_no,
    p.process_name,
    1000000 as reached,
    l.closed_at as reached_at
from funnel_deal as l
-- it was won in every process that it has been in
inner join lateral (
    select l.process_name
    union
    select v.process_name from mart.deal_stage as v
    where v.source = l.source and v.deal_id = l.deal_id
) as p on p.process_name is not null
where l.status = 'won' and l.closed_at is not null;

analyze funnel_step;

-- each step stands for itself and for those skipped before it, and a later step reached earlier for all before it
create temp table funnel_entry on commit drop as
with passed as (
    select
        deal_no,
        process_name,
        reached,
        coalesce(lag(reached) over (partition by deal_no, process_name order by reached), 0) as reached_before,
        min(reached_at) over (partition by deal_no, process_name order by reached desc) as entered_at,
        max(reached) over (partition by deal_no, process_name) as furthest
    from funnel_step
),

stage as (
    select distinct
        process_name,
        process_step
    from core.dim_pipeline_stage
    where status = 'open'
),

entry as (
    select
        r.process_name,
        s.process_step,
        r.furthest > s.process_step as has_gone_on,
        l.source,
        l.team,
        l.region,
        date_trunc('month', r.entered_at)::date as month_on,
        case when l.closed_at is null then extract(epoch from a.ends_at - r.entered_at) / 86400 end as open_days
    from passed as r
    inner join stage as s
        on r.process_name = s.process_name and r.reached_before < s.process_step and r.reached >= s.process_step
    inner join cohort as c on c.period = 'quarter' and date_trunc('quarter', r.entered_at)::date = c.period_start
    inner join funnel_deal as l on r.deal_no = l.deal_no
    cross join as_of as a
)

select
    process_name,
    process_step,
    has_gone_on,
    source,
    team,
    region,
    month_on,
    open_days,
    count(*) as deals
from entry
group by process_name, process_step, has_gone_on, source, team, region, month_on, open_days;

analyze funnel_entry;

-- the visits that ended in these periods
create temp table funnel_visit on commit drop as
select
    v.process_name,
    v.process_step,
    v.source,
    coalesce(d.team, '') as team,
    coalesce(d.region, '') as region,
    v.exited_month as month_on,
    v.days
from cohort_visit as v
inner join cohort as c on c.period = 'quarter' and v.exited_quarter = c.period_start
inner join mart.deal as d on v.source = d.source and v.deal_id = d.deal_id
where v.status = 'open';

analyze funnel_visit;

-- the groups that both are in, numbered as well
create temp table funnel_group on commit drop as
select
    f.process_name,
    f.process_step,
    f.source,
    f.team,
    f.region,
    f.month_on,
    c.period,
    c.period_start,
    m.dimension,
    m.member,
    dense_rank() over (
        order by c.period, c.period_start, f.process_name, f.process_step, m.dimension, m.member
    ) as group_no
from (
    select
        process_name,
        process_step,
        source,
        team,
        region,
        month_on
    from funnel_entry
    union
    select
        process_name,
        process_step,
        source,
        team,
        region,
        month_on
    from funnel_visit
) as f
cross join
    lateral (
        values
        ('month', f.month_on),
        ('quarter', date_trunc('quarter', f.month_on)::date)
    ) as p (period, period_start)
inner join cohort as c on p.period = c.period and p.period_start = c.period_start
cross join
    lateral (
        values
        ('all', ''),
        ('source', f.source),
        ('team', f.team),
        ('region', f.region)
    ) as m (dimension, member);

analyze funnel_group;

create temp table funnel_stay on commit drop as
select
    g.group_no,
    count(*) as finished_visits,
    percentile_cont(0.5) within group (order by v.days)::numeric as median_days,
    percentile_cont(0.9) within group (order by v.days)::numeric as p90_days
from funnel_visit as v
inner join funnel_group as g
    on
        v.process_name = g.process_name
        and v.process_step = g.process_step
        and v.source = g.source
        and v.team = g.team
        and v.region = g.region
        and v.month_on = g.month_on
group by g.group_no;

analyze funnel_stay;

delete from mart.sales_funnel as m
using cohort as c
where m.period = c.period and m.period_start = c.period_start;

insert into mart.sales_funnel (
    period, period_start, process_name, dimension, member, stage_name, process_step, entered_deals, gone_on_deals,
    conversion, left_out_deals, finished_visits, median_days, p90_days
)
-- the median that holds where no visit of the group ended
with usual as (
    select
        process_name,
        process_step,
        percentile_cont(0.5) within group (order by days)::numeric as median_days
    from funnel_visit
    group by process_name, process_step
),

-- open deals younger than the stage's median stay say nothing yet
counted as (
    select
        g.group_no,
        coalesce(sum(e.deals) filter (where (e.open_days < m.days) is not true), 0) as entered_deals,
        coalesce(sum(e.deals) filter (where e.has_gone_on and (e.open_days < m.days) is not true), 0)
            as gone_on_deals,
        coalesce(sum(e.deals) filter (where e.open_days < m.days), 0) as left_out_deals
    from funnel_entry as e
    inner join funnel_group as g
        on
            e.process_name = g.process_name
            and e.process_step = g.process_step
            and e.source = g.source
            and e.team = g.team
            and e.region = g.region
            and e.month_on = g.month_on
    left join usual as u on e.process_name = u.process_name and e.process_step = u.process_step
    left join funnel_stay as s on g.group_no = s.group_no
    -- where no visit to the stage has ever ended, any open deal is too young to say
    cross join lateral (values (coalesce(s.median_days, u.median_days, 'infinity'))) as m (days)
    group by g.group_no
),

member as (
    select distinct
        group_no,
        period,
        period_start,
        process_name,
        process_step,
        dimension,
        member
    from funnel_group
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
    m.period,
    m.period_start,
    m.process_name,
    m.dimension,
    m.member,
    g.process_stage as stage_name,
    m.process_step,
    coalesce(c.entered_deals, 0) as entered_deals,
    coalesce(c.gone_on_deals, 0) as gone_on_deals,
    c.gone_on_deals::numeric / nullif(c.entered_deals, 0) as conversion,
    coalesce(c.left_out_deals, 0) as left_out_deals,
    coalesce(s.finished_visits, 0) as finished_visits,
    s.median_days,
    s.p90_days
from member as m
inner join stage as g on m.process_name = g.process_name and m.process_step = g.process_step
left join counted as c on m.group_no = c.group_no
left join funnel_stay as s on m.group_no = s.group_no;
