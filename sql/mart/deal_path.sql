-- one row per deal: the way it took through its process
delete from mart.deal_path as m
using ops.changed_deal as c
where m.source = c.source and m.deal_id = c.deal_id;

insert into mart.deal_path (
    source, deal_id, process_name, path, moves, skipped_stages, repeated_stages, back_moves, forbidden_moves,
    unknown_stages, mended_visits, is_standard
)
with visit as (
    select
        v.source,
        v.deal_id,
        v.visit_no,
        v.process_name,
        coalesce(v.process_stage, v.stage_name) as stage_name,
        v.is_stage_known,
        v.is_mended,
        v.move,
        v.is_allowed,
        case
            when v.move = 'skip' then v.process_step - lag(v.process_step) over w - 1
            -- where only dates or versions tell, what was before is not known
            when v.move = 'start' and v.status = 'open' and v.origin in ('history', 'events') then v.process_step - 1
        end as skipped
    from mart.deal_stage as v
    inner join ops.changed_deal as c on v.source = c.source and v.deal_id = c.deal_id
    window w as (partition by v.source, v.deal_id order by v.visit_no)
),

way as (
    select
        source,
        deal_id,
        mode() within group (order by process_name) as process_name,
        string_agg(stage_name, ' > ' order by visit_no) as path,
        count(*) filter (where move <> 'start') as moves,
        coalesce(sum(skipped), 0) as skipped_stages,
        count(*) - count(distinct stage_name) as repeated_stages,
        count(*) filter (where move = 'back') as back_moves,
        count(*) filter (where not is_allowed) as forbidden_moves,
        count(*) filter (where not is_stage_known) as unknown_stages,
        count(*) filter (where is_mended) as mended_visits
    from visit
    where move <> 'within'
    group by source, deal_id
)

select
    source,
    deal_id,
    process_name,
    path,
    moves,
    skipped_stages,
    repeated_stages,
    back_moves,
    forbidden_moves,
    unknown_stages,
    mended_visits,
    skipped_stages = 0 and repeated_stages = 0 and back_moves = 0 and unknown_stages = 0 as is_standard
from way;
