-- one row per visit of a deal to a stage, with names
delete from mart.deal_stage;

insert into mart.deal_stage (
    source, deal_id, visit_no, stage_key, stage_name, stage_position, probability, status, entered_at, exited_at,
    days_in_stage
)
select
    v.source,
    v.deal_id,
    v.visit_no,
    v.stage_key,
    coalesce(s.stage_name, v.stage_key) as stage_name,
    s.position as stage_position,
    case s.status when 'won' then 1 when 'lost' then 0 else coalesce(s.probability, 0) end as probability,
    coalesce(s.status, 'open') as status,
    v.entered_at,
    v.exited_at,
    extract(epoch from v.exited_at - v.entered_at) / 86400 as days_in_stage
from core.fct_deal_stage as v
inner join core.fct_deal as d on v.source = d.source and v.deal_id = d.deal_id and not d.is_deleted
left join core.dim_pipeline_stage as s on v.source = s.source and v.stage_key = s.stage_key;
