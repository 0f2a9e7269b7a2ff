-- one row per visit of a deal to a stage, with names, its place in the process, and how the deal came there
delete from mart.deal_stage as m
using ops.changed_deal as c
where m.source = c.source and m.deal_id = c.deal_id;

insert into mart.deal_stage (
    source, deal_id, visit_no, stage_key, stage_name, stage_position, probability, status, entered_at, exited_at,
    days_in_stage, is_stage_known, process_name, process_stage, process_step, origin, is_mended, move, is_allowed,
    previous_stage, previous_days
)
with visit as (
    select
        v.*,
        s.stage_name,
        s.position as stage_position,
        s.stage_key is not null as is_known,
        s.process_name,
        s.process_stage,
        s.process_step,
        coalesce(s.status, 'open') as status,
        case s.status when 'won' then 1 when 'lost' then 0 else coalesce(s.probability, 0) end as probability,
        lag(s.process_name) over w as name_before,
        lag(s.process_stage) over w as stage_before,
        lag(s.process_step) over w as step_before,
        lag(v.entered_at) over w as before_at
    from core.fct_deal_stage as v
    inner join ops.changed_deal as c on v.source = c.source and v.deal_id = c.deal_id
    inner join core.fct_deal as d on v.source = d.source and v.deal_id = d.deal_id and not d.is_deleted
    left join core.dim_pipeline_stage as s on v.source = s.source and v.stage_key = s.stage_key
    -- the creation is the deal's, so the parts are the same: visits of a time come to lie together, as they are read
    window w as (partition by d.created_at, v.source, v.deal_id order by v.visit_no)
),

moved as (
    select
        *,
        case
            when before_at is null then 'start'
            when process_name is null or coalesce(process_name <> name_before, true) then 'unknown'
            when process_stage = stage_before then 'within'
            when process_step is null then 'lost'
            -- out of a stage of losing, which has no step, there is only the way back
            when step_before is null or process_step < step_before then 'back'
            when process_step <= step_before + 1 then 'forward'
            else 'skip'
        end as move
    from visit
),

-- processes that list their moves allow those; others any later stage, and losing
listed as (
    select distinct process_name
    from core.dim_process_move
)

select
    m.source,
    m.deal_id,
    m.visit_no,
    m.stage_key,
    coalesce(m.stage_name, m.stage_key) as stage_name,
    m.stage_position,
    m.probability,
    m.status,
    m.entered_at,
    m.exited_at,
    extract(epoch from m.exited_at - m.entered_at) / 86400 as days_in_stage,
    m.is_known as is_stage_known,
    m.process_name,
    m.process_stage,
    m.process_step,
    m.origin,
    m.is_mended,
    m.move,
    case
        when m.move in ('start', 'within', 'unknown') then null
        when l.process_name is not null then a.process_name is not null
        else m.move <> 'back'
    end as is_allowed,
    m.stage_before as previous_stage,
    extract(epoch from m.entered_at - m.before_at) / 86400 as previous_days
from moved as m
left join listed as l on m.process_name = l.process_name
left join core.dim_process_move as a
    on m.process_name = a.process_name and m.stage_before = a.from_stage and m.process_stage = a.to_stage;

select brin_summarize_new_values('mart.deal_stage_by_time'); -- else new blocks are read whatever is asked
analyze mart.deal_stage;
