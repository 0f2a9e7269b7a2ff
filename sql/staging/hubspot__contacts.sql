-- one row per version of a contact
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    'customer' as role,
    p.email,
    p.phone,
    nullif(trim(concat(p.firstname, ' ', p.lastname)), '') as full_name,
    p.firstname as given_name,
    p.lastname as family_name,
    p.jobtitle as job_title,
    p.associatedcompanyid as company_key,
    p.company as company_name,
    p.website,
    p.address as street,
    p.zip as postcode,
    p.city,
    p.state,
    p.country,
    p.date_of_birth as birth_date,
    p.hs_language as language,
    p.lifecyclestage as lifecycle_stage,
    p.hubspot_owner_id as owner_key,
    p.createdate as created_at,
    string_to_array(nullif(p.hs_merged_object_ids, ''), ';') as merged_keys,
    r.archived as is_deleted
from batch as b
cross join
    lateral json_to_record(b.payload -> 'properties')
        as p (
            email text,
            phone text,
            firstname text,
            lastname text,
            jobtitle text,
            company text,
            associatedcompanyid text,
            website text,
            address text,
            zip text,
            city text,
            state text,
            country text,
            date_of_birth text,
            hs_language text,
            lifecyclestage text,
            hubspot_owner_id text,
            createdate text,
            hs_merged_object_ids text
        )
cross join lateral json_to_record(b.payload) as r (
    archived text
);
