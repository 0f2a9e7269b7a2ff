-- one row per company and period in which nothing about it changed
delete from core.dim_company as d
using touched_company as t
where d.company_id = split_part(t.source_table, '__', 1) || ':' || t.source_id;

insert into core.dim_company (
    company_id, valid_from, valid_to, is_current, source, name, domain, industry, country, city, employees,
    annual_revenue, parent_name, is_deleted
)
with version as (
    select
        s.source_table,
        s.source_id,
        s.version_at,
        s.payload_hash,
        s.name,
        lower(trim(s.domain)) as domain,
        s.industry,
        s.country,
        s.city,
        s.employees,
        s.annual_revenue,
        s.parent_name,
        s.is_deleted or coalesce(s.version_at >= m.merged_at, false) as is_deleted,
        m.merged_at
    from staging.company as s
    inner join touched_company as t on s.source_table = t.source_table and s.source_id = t.source_id
    left join merged_company as m on s.source_table = m.source_table and s.source_id = m.source_id
),

-- a company that was merged into another ends as deleted, the way it was last
last_before_merge as (
    select distinct on (source_table, source_id) *
    from version
    where version_at < merged_at
    order by source_table asc, source_id asc, version_at desc, payload_hash desc
),

told as (
    select
        source_table,
        source_id,
        version_at,
        payload_hash,
        name,
        domain,
        industry,
        country,
        city,
        employees,
        annual_revenue,
        parent_name,
        is_deleted,
        true as is_own
    from version
    union all
    select
        source_table,
        source_id,
        merged_at as version_at,
        payload_hash,
        name,
        domain,
        industry,
        country,
        city,
        employees,
        annual_revenue,
        parent_name,
        true as is_deleted,
        false as is_own
    from last_before_merge
),

at_once as (
    select distinct on (source_table, source_id, version_at)
        *,
        md5(
            (
                name, domain, industry, country, city, employees, annual_revenue, parent_name, is_deleted
            )::text
        ) as attributes
    from told
    order by source_table asc, source_id asc, version_at asc, is_own desc, payload_hash desc
),

compared as (
    select
        *,
        lag(attributes) over w as attributes_before
    from at_once
    window w as (partition by source_table, source_id order by version_at)
)

select
    split_part(source_table, '__', 1) || ':' || source_id as company_id,
    version_at as valid_from,
    lead(version_at) over w as valid_to,
    lead(version_at) over w is null as is_current,
    split_part(source_table, '__', 1) as source,
    name,
    domain,
    industry,
    country,
    city,
    employees,
    annual_revenue,
    parent_name,
    is_deleted
from compared
where attributes is distinct from attributes_before
window w as (partition by source_table, source_id order by version_at);
