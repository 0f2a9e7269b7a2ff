-- one row per version of a call
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    'call' as activity_type,
    p.hs_call_title as subject,
    p.hubspot_owner_id as owner_key,
    r.deals -> 0 ->> 'toObjectId' as deal_key,
    r.contacts -> 0 ->> 'toObjectId' as customer_key,
    p.hs_timestamp as occurred_at,
    p.hs_call_status = 'COMPLETED' as is_completed,
    r.archived as is_deleted
from batch as b
cross join
    lateral json_to_record(b.payload -> 'properties')
        as p (
            hs_call_title text,
            hs_call_status text,
            hubspot_owner_id text,
            hs_timestamp text
        )
cross join lateral json_to_record(b.payload) as r (
    archived text,
    deals json,
    contacts json
);
