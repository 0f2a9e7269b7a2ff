-- one row per version of a move of an opportunity: also of its amount, chance or close date, with the same stage
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r."OpportunityId" as deal_key,
    r."StageName" as stage_key,
    r."CreatedDate" as entered_at,
    r."IsDeleted" as is_deleted
from batch as b
cross join lateral json_to_record(b.payload) as r (
    "OpportunityId" text,
    "StageName" text,
    "CreatedDate" text,
    "IsDeleted" text
);
