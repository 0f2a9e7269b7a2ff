-- one row per lead, as its latest version tells
delete from core.fct_lead as d
using touched_customer as t
where d.source = split_part(t.source_table, '__', 1) and d.lead_id = t.source_id;

insert into core.fct_lead (
    source, lead_id, status, stage_name, lead_source, owner_key, created_at, first_seen_at, closed_at, is_deleted
)
with version as (
    select
        s.source_table,
        s.source_id,
        s.version_at,
        s.payload_hash,
        s.lead_status,
        s.lifecycle_stage,
        s.lead_source,
        s.owner_key,
        s.created_at,
        s.converted_at,
        s.is_deleted or m.source_id is not null as is_deleted,
        first_value(s.lead_status) over (
            partition by s.source_table, s.source_id order by s.version_at desc, s.payload_hash desc
        ) as last_status
    from staging.customer as s
    inner join touched_customer as t on s.source_table = t.source_table and s.source_id = t.source_id
    left join merged_customer as m on s.source_table = m.source_table and s.source_id = m.source_id
    where s.lead_status is not null
),

-- since when it is what it is now: a lead may have been opened again
otherwise as (
    select
        source_table,
        source_id,
        min(version_at) as first_seen_at,
        coalesce(max(version_at) filter (where lead_status <> last_status), '-infinity') as until_at
    from version
    group by source_table, source_id
),

since as (
    select
        o.source_table,
        o.source_id,
        o.first_seen_at,
        min(v.version_at) as at
    from otherwise as o
    inner join version as v
        on o.source_table = v.source_table and o.source_id = v.source_id and o.until_at < v.version_at
    group by o.source_table, o.source_id, o.first_seen_at
)

select distinct on (v.source_table, v.source_id)
    split_part(v.source_table, '__', 1) as source,
    v.source_id as lead_id,
    v.lead_status as status,
    v.lifecycle_stage as stage_name,
    v.lead_source,
    v.owner_key,
    v.created_at,
    s.first_seen_at,
    case v.lead_status when 'converted' then coalesce(v.converted_at, s.at) when 'lost' then s.at end as closed_at,
    v.is_deleted
from version as v
inner join since as s on v.source_table = s.source_table and v.source_id = s.source_id
order by v.source_table asc, v.source_id asc, v.version_at desc, v.payload_hash desc;
