-- one row per version of every touched record of a person, as given: what is cleaned next
create temp table given_version on commit drop as
with version as (
    select
        s.source_table,
        s.source_id,
        s.version_at,
        s.payload_hash,
        s.is_deleted or coalesce(s.version_at >= m.merged_at, false) as is_deleted,
        s.role = 'agent' as is_staff,
        s.created_at,
        m.merged_at,
        s.full_name,
        s.given_name,
        s.family_name,
        s.birth_date,
        s.email,
        s.phone,
        s.job_title,
        s.company_key,
        s.company_name,
        s.website,
        s.street,
        s.postcode,
        s.city,
        s.state,
        s.country,
        s.language,
        s.lifecycle_stage
    from staging.customer as s
    inner join touched_customer as t on s.source_table = t.source_table and s.source_id = t.source_id
    left join merged_customer as m on s.source_table = m.source_table and s.source_id = m.source_id
),

-- a record that was merged into another ends as deleted, the way it was last
ended as (
    select distinct on (source_table, source_id) *
    from version
    where version_at < merged_at
    order by source_table asc, source_id asc, version_at desc, payload_hash desc
),

told as (
    select *
    from version
    union all
    select
        e.source_table,
        e.source_id,
        e.merged_at as version_at,
        e.payload_hash,
        true as is_deleted,
        e.is_staff,
        e.created_at,
        e.merged_at,
        e.full_name,
        e.given_name,
        e.family_name,
        e.birth_date,
        e.email,
        e.phone,
        e.job_title,
        e.company_key,
        e.company_name,
        e.website,
        e.street,
        e.postcode,
        e.city,
        e.state,
        e.country,
        e.language,
        e.lifecycle_stage
    from ended as e
    where not exists (
        select 1 from version as v
        where
            v.source_table = e.source_table and v.source_id = e.source_id and v.version_at = e.merged_at
            and v.payload_hash = e.payload_hash
    )
),

-- whoever ordered is a record of their own, by the address they gave
buyer as (
    select distinct
        s.source_table,
        lower(trim(s.customer_email)) as email
    from staging.order_line as s
    inner join touched_order_line as t on s.source_table = t.source_table and s.source_id = t.source_id
    where nullif(trim(s.customer_email), '') is not null
),

ordered as (
    select distinct on (b.source_table, b.email, s.version_at)
        split_part(b.source_table, '__', 1) as source,
        b.email,
        s.version_at,
        s.payload_hash,
        s.customer_name,
        s.country,
        min(s.ordered_at) over (partition by b.source_table, b.email, s.version_at) as created_at
    from buyer as b
    inner join staging.order_line as s
        on b.source_table = s.source_table and b.email = lower(trim(s.customer_email))
    order by b.source_table asc, b.email asc, s.version_at asc, s.payload_hash desc
)

select
    split_part(source_table, '__', 1) || ':' || source_id as record_id,
    split_part(source_table, '__', 1) as source,
    source_id as record_key,
    version_at,
    payload_hash,
    coalesce(is_deleted, false) as is_deleted,
    coalesce(is_staff, false) as is_staff,
    created_at,
    split_part(source_table, '__', 1) || ':' || company_key as company_record,
    lifecycle_stage,
    full_name,
    given_name,
    family_name,
    birth_date,
    email,
    phone,
    job_title,
    company_name,
    website,
    street,
    postcode,
    city,
    state,
    country,
    language
from told
union all
select
    source || ':email:' || email as record_id,
    source,
    'email:' || email as record_key,
    version_at,
    payload_hash,
    false as is_deleted,
    false as is_staff,
    created_at,
    null as company_record,
    null as lifecycle_stage,
    customer_name as full_name,
    null as given_name,
    null as family_name,
    null as birth_date,
    email,
    null as phone,
    null as job_title,
    null as company_name,
    null as website,
    null as street,
    null as postcode,
    null as city,
    null as state,
    country,
    null as language
from ordered;
