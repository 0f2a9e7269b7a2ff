-- one row per customer and period in which nothing about them changed
insert into core.dim_customer (
    customer_id, valid_from, valid_to, is_current, full_name, given_name, family_name, email, phone, job_title,
    company_id, company_name, website, house_number, street, unit, postcode, city, state, country, language,
    birth_date, lifecycle_stage, first_seen_at, is_deleted, given_by
)
with told as (
    select
        p.canonical_id as customer_id,
        p.at,
        p.fields - 'company_record' || jsonb_strip_nulls(jsonb_build_object('company_id', c.company_id)) as fields,
        p.given_by - 'company_record' || jsonb_strip_nulls(
            jsonb_build_object(
                'company_id', case when c.company_id is not null then p.given_by ->> 'company_record' end
            )
        ) as given_by
    from golden_period as p
    left join core.company_link as c on p.fields ->> 'company_record' = c.record_id
),

compared as (
    select
        *,
        lag(fields) over (partition by customer_id order by at) as fields_before
    from told
),

first_seen as (
    select
        m.canonical_id,
        min(least(v.created_at, v.version_at)) as first_seen_at
    from golden_member as m
    inner join core.clean_version as v on v.kind = 'person' and m.record_id = v.record_id
    group by m.canonical_id
)

select
    c.customer_id,
    c.at as valid_from,
    lead(c.at) over w as valid_to,
    lead(c.at) over w is null as is_current,
    c.fields ->> 'full_name' as full_name,
    c.fields ->> 'given_name' as given_name,
    c.fields ->> 'family_name' as family_name,
    c.fields ->> 'email' as email,
    c.fields ->> 'phone' as phone,
    c.fields ->> 'job_title' as job_title,
    c.fields ->> 'company_id' as company_id,
    c.fields ->> 'company_name' as company_name,
    c.fields ->> 'website' as website,
    c.fields ->> 'house_number' as house_number,
    c.fields ->> 'street' as street,
    c.fields ->> 'unit' as unit,
    c.fields ->> 'postcode' as postcode,
    c.fields ->> 'city' as city,
    c.fields ->> 'state' as state,
    c.fields ->> 'country' as country,
    c.fields ->> 'language' as language,
    (c.fields ->> 'birth_date')::date as birth_date,
    c.fields ->> 'lifecycle_stage' as lifecycle_stage,
    f.first_seen_at,
    (c.fields ->> 'is_deleted')::boolean as is_deleted,
    c.given_by
from compared as c
inner join first_seen as f on c.customer_id = f.canonical_id
where c.fields is distinct from c.fields_before
window w as (partition by c.customer_id order by c.at);
