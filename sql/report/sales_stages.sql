-- one row per pipeline and stage: time in it, and the share of the deals that entered it which went on
with bound as (
    select
        %(cohort_start)s::timestamptz as cohort_start,
        %(window_end)s::timestamptz as ends_at
),

deal as (
    select
        source,
        deal_id,
        status,
        coalesce(pipeline_name, 'no pipeline') as pipeline_name,
        case when closed_at < %(window_end)s then closed_at end as closed_at
    from mart.deal
    where source = any(%(sources)s)
),

visit as (
    select
        v.source,
        v.deal_id,
        v.stage_name,
        v.stage_position,
        v.status,
        v.entered_at,
        coalesce(p.pipeline_name, d.pipeline_name) as pipeline_name,
        case when v.exited_at < b.ends_at and v.exited_at >= b.cohort_start then v.days_in_stage end as finished_days
    from mart.deal_stage as v
    inner join deal as d on v.source = d.source and v.deal_id = d.deal_id
    inner join bound as b on v.entered_at < b.ends_at
    left join core.dim_pipeline_stage as p on v.source = p.source and v.stage_key = p.stage_key
),

stage as (
    select
        source,
        pipeline_name,
        stage_position,
        min(stage_name) as stage_name,
        count(finished_days) as finished_visits,
        (percentile_cont(0.5) within group (order by finished_days))::numeric as median_days,
        (percentile_cont(0.9) within group (order by finished_days))::numeric as p90_days
    from visit
    where status = 'open' and stage_position is not null
    group by source, pipeline_name, stage_position
),

-- how far a deal came: a skipped stage counts as passed, and winning passes them all
step as (
    select
        source,
        deal_id,
        pipeline_name,
        case when status = 'won' then 'infinity'::float8 else stage_position end as reached,
        entered_at as reached_at
    from visit
    where status = 'won' or (status = 'open' and stage_position is not null)
    union all
    select
        source,
        deal_id,
        pipeline_name,
        'infinity'::float8 as reached,
        closed_at as reached_at
    from deal
    where status = 'won' and closed_at is not null
),

entered as (
    select
        s.source,
        s.pipeline_name,
        s.stage_position,
        s.median_days,
        r.deal_id,
        min(r.reached_at) as entered_at,
        bool_or(r.reached > s.stage_position) as has_gone_on
    from stage as s
    inner join step as r
        on s.source = r.source and s.pipeline_name = r.pipeline_name and s.stage_position <= r.reached
    group by s.source, s.pipeline_name, s.stage_position, s.median_days, r.deal_id
),

-- open deals younger than the stage's median stay say nothing yet
cohort as (
    select
        e.source,
        e.pipeline_name,
        e.stage_position,
        count(*) as entered_deals,
        count(*) filter (where e.has_gone_on) as gone_on_deals
    from entered as e
    inner join bound as b on e.entered_at >= b.cohort_start
    inner join deal as d on e.source = d.source and e.deal_id = d.deal_id
    where
        d.closed_at is not null
        or e.median_days is null
        or extract(epoch from b.ends_at - e.entered_at) / 86400 >= e.median_days
    group by e.source, e.pipeline_name, e.stage_position
),

ranked as (
    select
        s.source,
        s.pipeline_name,
        s.stage_position,
        s.stage_name,
        s.finished_visits,
        s.median_days,
        s.p90_days,
        coalesce(c.entered_deals, 0) as entered_deals,
        coalesce(c.gone_on_deals, 0) as gone_on_deals
    from stage as s
    left join cohort as c
        on s.source = c.source and s.pipeline_name = c.pipeline_name and s.stage_position = c.stage_position
)

select
    source,
    pipeline_name,
    stage_position,
    stage_name,
    finished_visits,
    median_days,
    p90_days,
    entered_deals,
    gone_on_deals
from ranked
order by source collate "C", pipeline_name collate "C", stage_position;
