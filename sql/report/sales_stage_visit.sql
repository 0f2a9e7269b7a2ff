-- one row per deal, by a number, and visit to a stage that began before the window's end; one without a visit too
create temp table stage_visit on commit drop as
with deal as (
    select
        source,
        deal_id,
        coalesce(pipeline_name, 'no pipeline') as pipeline_name,
        case when closed_at < %(window_end)s then closed_at end as closed_at,
        status = 'won' and coalesce(closed_at < %(window_end)s, false) as is_won,
        row_number() over () as deal_no
    from mart.deal
    where source = any(%(sources)s)
)

select
    d.deal_no,
    d.source,
    v.stage_name,
    v.stage_position,
    v.status,
    v.entered_at,
    d.closed_at,
    d.is_won,
    d.pipeline_name as deal_pipeline_name,
    coalesce(p.pipeline_name, d.pipeline_name) as pipeline_name,
    case
        when v.exited_at < %(window_end)s and v.exited_at >= %(cohort_start)s then v.days_in_stage
    end as finished_days
from deal as d
left join mart.deal_stage as v
    on d.source = v.source and d.deal_id = v.deal_id and v.entered_at < %(window_end)s
left join core.dim_pipeline_stage as p on v.source = p.source and v.stage_key = p.stage_key;

analyze stage_visit;
