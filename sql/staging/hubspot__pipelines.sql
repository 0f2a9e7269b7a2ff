-- one row per version of a stage of a pipeline
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r.parent ->> 'id' as pipeline_key,
    r.parent ->> 'label' as pipeline_name,
    r.id as stage_key,
    r.label as stage_name,
    r."displayOrder" as position,
    r.metadata ->> 'probability' as probability,
    case
        when r.metadata ->> 'probability' in ('1', '1.0') then 'won'
        when r.metadata ->> 'isClosed' = 'true' or r.metadata ->> 'probability' in ('0', '0.0') then 'lost'
        else 'open'
    end as status,
    r.archived as is_deleted
from batch as b
cross join lateral json_to_record(b.payload) as r (
    id text,
    label text,
    "displayOrder" text,
    archived text,
    metadata json,
    parent json
);
