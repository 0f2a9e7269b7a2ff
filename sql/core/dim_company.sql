-- one row per company and period in which nothing about it changed
delete from core.dim_company as d
using touched_company as t
where d.company_id = split_part(t.source_table, '__', 1) || ':' || t.source_id;

insert into core.dim_company (
    company_id, valid_from, valid_to, is_current, source, name, domain, industry, country, city, employees,
    annual_revenue, parent_name, is_deleted
)
with version as (
    select distinct on (s.source_table, s.source_id, s.version_at)
        s.source_table,
        s.source_id,
        s.version_at,
        s.name,
        lower(trim(s.domain)) as domain,
        s.industry,
        s.country,
        s.city,
        s.employees,
        s.annual_revenue,
        s.parent_name,
        s.is_deleted,
        md5(
            (
                s.name, lower(trim(s.domain)), s.industry, s.country, s.city, s.employees, s.annual_revenue,
                s.parent_name, s.is_deleted
            )::text
        ) as attributes
    from staging.company as s
    inner join touched_company as t on s.source_table = t.source_table and s.source_id = t.source_id
    order by s.source_table asc, s.source_id asc, s.version_at asc, s.payload_hash desc
),

compared as (
    select
        *,
        lag(attributes) over w as attributes_before
    from version
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
