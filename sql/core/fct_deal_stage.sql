-- one row per visit of a deal to a stage: from the history in the deal, else from moves that are records of their own,
-- else from its two dates where sales.yaml says what the first one starts, else from what its versions show; where
-- these end elsewhere than the deal stands, a visit is added
delete from core.fct_deal_stage as d
using touched_deal as t
where d.source = split_part(t.source_table, '__', 1) and d.deal_id = t.source_id;

insert into core.fct_deal_stage (
    source, deal_id, visit_no, stage_key, entered_at, exited_at, origin, is_mended
)
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

-- where the deal stands, as its latest version tells
standing as (
    select
        t.source_table,
        t.source_id,
        d.stage_key,
        d.created_at,
        case when p.status in ('won', 'lost') then d.closed_at end as closed_at,
        c.created_stage
    from touched_deal as t
    inner join core.fct_deal as d on split_part(t.source_table, '__', 1) = d.source and t.source_id = d.deal_id
    left join core.dim_pipeline_stage as p on d.source = p.source and d.stage_key = p.stage_key
    left join configured_stage as c on d.source = c.source and d.stage_key = c.stage_key
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

-- the four in this order: the first that a deal has tells all its visits
origin as (
    select
        s.source_table,
        s.source_id,
        case
            when h.source_id is not null then 'history'
            when exists (
                select 1 from told_event as e
                where e.source_table = s.source_table and e.source_id = s.source_id
            ) then 'events'
            when s.created_stage is not null and s.created_at is not null then 'dates'
            else 'versions'
        end as origin
    from standing as s
    left join latest_history as h on s.source_table = h.source_table and s.source_id = h.source_id
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
    inner join origin as o on e.source_table = o.source_table and e.source_id = o.source_id and o.origin = 'events'
    union all
    select
        s.source_table,
        s.source_id,
        m.stage_key,
        m.entered_at,
        m.move_no
    from standing as s
    inner join origin as o on s.source_table = o.source_table and s.source_id = o.source_id and o.origin = 'dates'
    cross join
        lateral (
            values
            (s.created_stage, s.created_at, 1),
            (s.stage_key, case when s.closed_at is not null then greatest(s.created_at, s.closed_at) end, 2)
        ) as m (stage_key, entered_at, move_no)
    union all
    select
        v.source_table,
        v.source_id,
        v.stage_key,
        v.version_at as entered_at,
        row_number() over (partition by v.source_table, v.source_id, v.version_at order by v.payload_hash) as move_no
    from version as v
    inner join origin as o on v.source_table = o.source_table and v.source_id = o.source_id and o.origin = 'versions'
),

last_move as (
    select distinct on (source_table, source_id)
        source_table,
        source_id,
        stage_key,
        entered_at,
        move_no
    from move
    where stage_key is not null and entered_at is not null
    order by source_table asc, source_id asc, entered_at desc, move_no desc
),

-- the deal was seen there since; a closed one closed on its close date, or when it was seen closed if that is earlier
seen as (
    select
        s.source_table,
        s.source_id,
        min(v.version_at) as seen_at
    from standing as s
    inner join version as v
        on s.source_table = v.source_table and s.source_id = v.source_id and s.stage_key = v.stage_key
    left join last_move as l on s.source_table = l.source_table and s.source_id = l.source_id
    where
        s.stage_key is distinct from l.stage_key
        and (l.entered_at is null or v.version_at >= l.entered_at)
    group by s.source_table, s.source_id
),

mended as (
    select
        s.source_table,
        s.source_id,
        s.stage_key,
        greatest(l.entered_at, least(s.closed_at, n.seen_at)) as entered_at,
        coalesce(l.move_no, 0) + 1 as move_no
    from standing as s
    left join last_move as l on s.source_table = l.source_table and s.source_id = l.source_id
    left join seen as n on s.source_table = n.source_table and s.source_id = n.source_id
    where s.stage_key is distinct from l.stage_key and s.stage_key is not null
),

compared as (
    select
        *,
        lag(stage_key) over w as stage_before
    from (
        select
            *,
            false as is_mended
        from move
        where stage_key is not null and entered_at is not null
        union all
        select
            *,
            true as is_mended
        from mended
        where entered_at is not null
    ) as m
    window w as (partition by source_table, source_id order by entered_at, move_no)
)

select
    split_part(c.source_table, '__', 1) as source,
    c.source_id as deal_id,
    row_number() over w as visit_no,
    c.stage_key,
    c.entered_at,
    lead(c.entered_at) over w as exited_at,
    o.origin,
    c.is_mended
from compared as c
inner join origin as o on c.source_table = o.source_table and c.source_id = o.source_id
where c.stage_key is distinct from c.stage_before
window w as (partition by c.source_table, c.source_id order by c.entered_at, c.move_no);
