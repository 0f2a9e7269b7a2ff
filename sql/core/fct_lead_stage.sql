-- one row per stage that an open lead was seen in, from when, as its versions show
delete from core.fct_lead_stage as d
using touched_customer as t
where d.source = split_part(t.source_table, '__', 1) and d.lead_id = t.source_id;

insert into core.fct_lead_stage (source, lead_id, entered_at, stage_name)
with version as (
    select distinct on (s.source_table, s.source_id, s.version_at)
        s.source_table,
        s.source_id,
        s.version_at,
        s.lead_status,
        s.lifecycle_stage
    from staging.customer as s
    inner join touched_customer as t on s.source_table = t.source_table and s.source_id = t.source_id
    where s.lead_status is not null
    order by s.source_table asc, s.source_id asc, s.version_at asc, s.payload_hash desc
),

compared as (
    select
        *,
        lag((lead_status, lifecycle_stage)::text)
            over (partition by source_table, source_id order by version_at) as seen_before
    from version
)

select
    split_part(source_table, '__', 1) as source,
    source_id as lead_id,
    version_at as entered_at,
    lifecycle_stage as stage_name
from compared
where
    lead_status = 'open' and lifecycle_stage is not null
    and (lead_status, lifecycle_stage)::text is distinct from seen_before;
