-- one row per company and period in which nothing about it changed
insert into core.dim_company (
    company_id, valid_from, valid_to, is_current, name, domain, industry, phone, house_number, street, unit, postcode,
    city, state, country, employees, annual_revenue, parent_name, first_seen_at, is_deleted, given_by
)
with compared as (
    select
        canonical_id as company_id,
        at,
        fields,
        given_by,
        lag(fields) over (partition by canonical_id order by at) as fields_before
    from golden_period
),

first_seen as (
    select
        m.canonical_id,
        min(least(v.created_at, v.version_at)) as first_seen_at
    from golden_member as m
    inner join core.clean_version as v on v.kind = 'organisation' and m.record_id = v.record_id
    group by m.canonical_id
)

select
    c.company_id,
    c.at as valid_from,
    lead(c.at) over w as valid_to,
    lead(c.at) over w is null as is_current,
    c.fields ->> 'name' as name,
    c.fields ->> 'domain' as domain,
    c.fields ->> 'industry' as industry,
    c.fields ->> 'phone' as phone,
    c.fields ->> 'house_number' as house_number,
    c.fields ->> 'street' as street,
    c.fields ->> 'unit' as unit,
    c.fields ->> 'postcode' as postcode,
    c.fields ->> 'city' as city,
    c.fields ->> 'state' as state,
    c.fields ->> 'country' as country,
    (c.fields ->> 'employees')::bigint as employees,
    (c.fields ->> 'annual_revenue')::numeric as annual_revenue,
    c.fields ->> 'parent_name' as parent_name,
    f.first_seen_at,
    (c.fields ->> 'is_deleted')::boolean as is_deleted,
    c.given_by
from compared as c
inner join first_seen as f on c.company_id = f.canonical_id
where c.fields is distinct from c.fields_before
window w as (partition by c.company_id order by c.at);
