-- one row per version of a person in sales
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    nullif(trim(concat(r."firstName", ' ', r."lastName")), '') as full_name,
    r.email,
    t.team,
    coalesce(r.archived, 'false') <> 'true' as is_active,
    r.archived as is_deleted
from batch as b
cross join
    lateral json_to_record(b.payload)
        as r (
            email text,
            "firstName" text,
            "lastName" text,
            archived text,
            teams json
        )
left join lateral (
    select m.membership ->> 'name' as team
    from json_array_elements(r.teams) with ordinality as m (membership, no)
    order by (m.membership ->> 'primary' = 'true') desc nulls last, m.no asc
    limit 1
) as t on true;
