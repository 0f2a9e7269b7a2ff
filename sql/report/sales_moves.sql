-- one row per process and pair of standard stages: deals that went from one to the other
select
    v.process_name,
    v.previous_stage as from_stage,
    v.process_stage as to_stage,
    v.move,
    count(distinct v.source || ':' || v.deal_id) as deals,
    (percentile_cont(0.5) within group (order by v.previous_days))::numeric as median_days
from mart.deal_stage as v
where
    v.source = any(%(sources)s)
    and v.entered_at >= %(cohort_start)s
    and v.entered_at < %(window_end)s
    and v.process_name is not null
    and v.move <> 'within'
group by v.process_name, v.previous_stage, v.process_stage, v.move
order by v.process_name collate "C", v.previous_stage collate "C", v.process_stage collate "C", v.move;
