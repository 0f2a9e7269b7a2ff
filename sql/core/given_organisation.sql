-- one row per version of every touched record of an organisation, as given: what is cleaned next
create temp table given_version on commit drop as
with version as (
    select
        s.source_table,
        s.source_id,
        s.version_at,
        s.payload_hash,
        s.is_deleted or coalesce(s.version_at >= m.merged_at, false) as is_deleted,
        s.created_at,
        m.merged_at,
        s.name,
        s.domain,
        s.industry,
        s.phone,
        s.street,
        s.postcode,
        s.city,
        s.state,
        s.country,
        s.employees::text as employees,
        s.annual_revenue::text as annual_revenue,
        s.parent_name
    from staging.company as s
    inner join touched_company as t on s.source_table = t.source_table and s.source_id = t.source_id
    left join merged_company as m on s.source_table = m.source_table and s.source_id = m.source_id
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
        e.created_at,
        e.merged_at,
        e.name,
        e.domain,
        e.industry,
        e.phone,
        e.street,
        e.postcode,
        e.city,
        e.state,
        e.country,
        e.employees,
        e.annual_revenue,
        e.parent_name
    from ended as e
    where not exists (
        select 1 from version as v
        where
            v.source_table = e.source_table and v.source_id = e.source_id and v.version_at = e.merged_at
            and v.payload_hash = e.payload_hash
    )
)

select
    split_part(source_table, '__', 1) || ':' || source_id as record_id,
    split_part(source_table, '__', 1) as source,
    source_id as record_key,
    version_at,
    payload_hash,
    coalesce(is_deleted, false) as is_deleted,
    false as is_staff,
    created_at,
    name,
    domain,
    industry,
    phone,
    street,
    postcode,
    city,
    state,
    country,
    employees,
    annual_revenue,
    parent_name
from told;
