-- one row per version of a ticket
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r.subject,
    r.description,
    r.status,
    r.priority,
    r.via ->> 'channel' as channel,
    (select string_agg(t.tag, ',' order by t.tag) from json_array_elements_text(r.tags) as t (tag)) as tags,
    r.requester_id as requester_key,
    r.assignee_id as assignee_key,
    r.group_id as group_key,
    r.organization_id as company_key,
    r.created_at,
    r.updated_at,
    r.status = 'deleted' as is_deleted
from batch as b
cross join lateral json_to_record(b.payload) as r (
    subject text,
    description text,
    status text,
    priority text,
    requester_id text,
    assignee_id text,
    group_id text,
    organization_id text,
    created_at text,
    updated_at text,
    tags json,
    via json
);
