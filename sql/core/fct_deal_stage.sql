-- one row per visit of a deal to a stage: from the history in the deal, else from moves that are records of their own,
-- else from what its versions show
delete from core.fct_deal_stage as d
using touched_deal as t
where d.source = split_part(t.source_table, '__', 1) and d.deal_id = t.source_id;

insert into core.fct_deal_stage (source, deal_id, visit_no, stage_key, entered_at, exited_at)
with version as (
    select
        s.source_table,
        s.source_id,
        s.version_at,
        s.payload_hash,
        s.stage_key,
        s.stage_history,
        bool_or(s.stage_history is not null) over (partition by s.source_table, s.source_id) as has_history
    from staging.deal as s
    inner join touched_deal as t on s.source_table = t.source_table and s.source_id = t.source_id
),

latest_history as (
    select distinct on (source_table, source_id)
        source_table,
        source_id,
        stage_history
    from version
    where stage_history is not null
    order by source_table asc, source_id asc, version_at desc, payload_hash desc
),

event as (
    select distinct on (e.source_table, e.source_id)
        t.source_table,
        t.source_id,
        e.source_id as event_key,
        e.stage_key,
        e.entered_at,
        e.is_deleted
    from staging.deal_stage_event as e
    inner join touched_deal as t
        on e.deal_key = t.source_id and split_part(e.source_table, '__', 1) = split_part(t.source_table, '__', 1)
    order by e.source_table asc, e.source_id asc, e.version_at desc, e.payload_hash desc
),

told_event as (
    select
        source_table,
        source_id,
        stage_key,
        entered_at,
        row_number() over (
            partition by source_table, source_id
            order by entered_at asc, event_key collate "C" asc
        ) as move_no
    from event
    where not is_deleted
),

move as (
    select
        h.source_table,
        h.source_id,
        m.move ->> 'stage' as stage_key,
        (m.move ->> 'at')::timestamptz as entered_at,
        m.move_no
    from latest_history as h
    cross join lateral jsonb_array_elements(h.stage_history) with ordinality as m (move, move_no)
    union all
    select
        e.source_table,
        e.source_id,
        e.stage_key,
        e.entered_at,
        e.move_no
    from told_event as e
    left join latest_history as h on e.source_table = h.source_table and e.source_id = h.source_id
    where h.source_id is null
    union all
    select
        source_table,
        source_id,
        stage_key,
        version_at as entered_at,
        row_number() over (partition by source_table, source_id, version_at order by payload_hash) as move_no
    from version
    where
        not has_history
        and not exists (
            select 1 from told_event as e
            where e.source_table = version.source_table and e.source_id = version.source_id
        )
),

compared as (
    select
        *,
        lag(stage_key) over w as stage_before
    from move
    where stage_key is not null and entered_at is not null
    window w as (partition by source_table, source_id order by entered_at, move_no)
)

select
    split_part(source_table, '__', 1) as source,
    source_id as deal_id,
    row_number() over w as visit_no,
    stage_key,
    entered_at,
    lead(entered_at) over w as exited_at
from compared
where stage_key is distinct from stage_before
window w as (partition by source_table, source_id order by entered_at, move_no);
