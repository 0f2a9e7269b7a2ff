-- one row per version of a stage of opportunities
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    'opportunities' as pipeline_key,
    'Opportunities' as pipeline_name,
    r."ApiName" as stage_key,
    r."MasterLabel" as stage_name,
    r."SortOrder" as position,
    -- the source counts to 100; what is no number stays as it is, and is named in quarantine
    case
        when ops.is_castable(r."DefaultProbability", 'numeric') then (r."DefaultProbability"::numeric / 100)::text
        else r."DefaultProbability"
    end as probability,
    case
        when coalesce(r."IsClosed", 'false') <> 'true' then 'open'
        when r."IsWon" = 'true' then 'won'
        else 'lost'
    end as status
from batch as b
cross join lateral json_to_record(b.payload) as r (
    "ApiName" text,
    "MasterLabel" text,
    "SortOrder" text,
    "DefaultProbability" text,
    "IsClosed" text,
    "IsWon" text
);
