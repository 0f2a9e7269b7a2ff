-- one row per version of a service level policy
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r.title,
    r.description,
    r.position,
    r.filter as conditions,
    t.targets,
    r.created_at
from batch as b
cross join
    lateral json_to_record(b.payload)
        as r (
            title text,
            description text,
            position text,
            filter json,
            policy_metrics json,
            created_at text
        )
cross join lateral (
    select
        json_agg(
            json_build_object(
                'priority', m.metric ->> 'priority',
                'metric', m.metric ->> 'metric',
                'minutes', m.metric -> 'target',
                'business_hours', m.metric -> 'business_hours'
            )
            order by m.no
        ) as targets
    from json_array_elements(r.policy_metrics) with ordinality as m (metric, no)
) as t;
