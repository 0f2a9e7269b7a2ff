-- one row per pipeline and stage: time in it, and the share of the deals that entered it which went on
with bound as (
    select
        %(cohort_start)s::timestamptz as cohort_start,
        %(window_end)s::timestamptz as ends_at
),

stage as (
    select
        source,
        pipeline_name,
        stage_position,
        min(stage_name) as stage_name,
        count(finished_days) as finished_visits,
        (percentile_cont(0.5) within group (order by finished_days))::numeric as median_days,
        (percentile_cont(0.9) within group (order by finished_days))::numeric as p90_days,
        row_number() over (order by source, pipeline_name, stage_position) as stage_no
    from stage_visit
    where status = 'open' and stage_position is not null
    group by source, pipeline_name, stage_position
),

-- how far a deal came: a skipped stage counts as passed, and winning passes them all
step as (
    select
        deal_no,
        source,
        pipeline_name,
        closed_at,
        entered_at as reached_at,
        case when status = 'won' then 'infinity'::float8 else stage_position end as reached
    from stage_visit
    where status = 'won' or (status = 'open' and stage_position is not null)
    union all
    select distinct on (deal_no)
        deal_no,
        source,
        deal_pipeline_name as pipeline_name,
        closed_at,
        closed_at as reached_at,
        'infinity'::float8 as reached
    from stage_visit
    where is_won
),

-- who came to nothing since the cohort began entered no stage in it
late_step as materialized (
    select
        r.deal_no,
        r.source,
        r.pipeline_name,
        r.closed_at,
        r.reached_at,
        r.reached
    from step as r
    where
        r.deal_no in (
            select s.deal_no
            from step as s
            where s.reached_at >= (select b.cohort_start from bound as b)
        )
),

-- by numbers: there are millions of them, and names sort slowly
entered as (
    select
        s.stage_no,
        r.deal_no,
        min(r.reached_at) as entered_at,
        max(r.closed_at) as closed_at,
        bool_or(r.reached > s.stage_position) as has_gone_on
    from late_step as r
    inner join stage as s
        on r.source = s.source and r.pipeline_name = s.pipeline_name and r.reached >= s.stage_position
    group by s.stage_no, r.deal_no
),

-- open deals younger than the stage's median stay say nothing yet
cohort as (
    select
        e.stage_no,
        count(*) as entered_deals,
        count(*) filter (where e.has_gone_on) as gone_on_deals
    from entered as e
    inner join stage as s on e.stage_no = s.stage_no
    inner join bound as b on e.entered_at >= b.cohort_start
    where
        e.closed_at is not null
        or s.median_days is null
        or extract(epoch from b.ends_at - e.entered_at) / 86400 >= s.median_days
    group by e.stage_no
)

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
left join cohort as c on s.stage_no = c.stage_no
order by s.source collate "C", s.pipeline_name collate "C", s.stage_position;
