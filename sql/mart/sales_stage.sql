-- one row per stage: how long deals stay, and how long they may
delete from mart.sales_stage;

insert into mart.sales_stage (
    source, stage_key, stage_name, process_name, process_stage, won_visits, median_days, p90_days, may_stay_days,
    is_learned
)
with stay as (
    select
        v.source,
        v.stage_key,
        count(*) as won_visits,
        (percentile_cont(0.5) within group (order by v.days_in_stage))::numeric as median_days,
        (percentile_cont(0.9) within group (order by v.days_in_stage))::numeric as p90_days
    from mart.deal_stage as v
    inner join as_of as a on v.exited_at < a.ends_at and v.exited_at >= a.ends_at - interval '365 days'
    inner join mart.deal as d on v.source = d.source and v.deal_id = d.deal_id
    where v.status = 'open' and d.status = 'won'
    group by v.source, v.stage_key
)

select
    p.source,
    p.stage_key,
    p.stage_name,
    p.process_name,
    p.process_stage,
    coalesce(s.won_visits, 0) as won_visits,
    s.median_days,
    s.p90_days,
    coalesce(p.may_stay_days, s.p90_days) as may_stay_days,
    p.may_stay_days is null as is_learned
from core.dim_pipeline_stage as p
left join stay as s on p.source = s.source and p.stage_key = s.stage_key
where p.status = 'open';
