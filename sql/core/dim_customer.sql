-- one row per customer and period in which nothing about them changed
delete from core.dim_customer as d
using affected_customer as a
where d.customer_id = a.customer_id;

insert into core.dim_customer (
    customer_id, valid_from, valid_to, is_current, full_name, email, phone, job_title, company_id, company_name,
    country, city, language, lifecycle_stage, first_seen_at
)
with member as (
    select
        l.customer_id,
        l.source,
        l.record_key
    from core.customer_link as l
    inner join affected_customer as a on l.customer_id = a.customer_id
),

version as (
    select
        m.customer_id,
        m.source,
        m.record_key,
        s.version_at,
        s.payload_hash,
        s.full_name,
        lower(trim(s.email)) as email,
        s.phone,
        s.job_title,
        m.source || ':' || s.company_key as company_id,
        s.company_name,
        s.country,
        s.city,
        s.language,
        s.lifecycle_stage,
        s.created_at
    from member as m
    inner join staging.customer as s
        on m.record_key = s.source_id and m.source = split_part(s.source_table, '__', 1)
    union all
    select
        m.customer_id,
        m.source,
        m.record_key,
        s.version_at,
        s.payload_hash,
        s.customer_name as full_name,
        lower(trim(s.customer_email)) as email,
        null as phone,
        null as job_title,
        null as company_id,
        null as company_name,
        s.country,
        null as city,
        null as language,
        null as lifecycle_stage,
        s.ordered_at as created_at
    from member as m
    inner join staging.order_line as s
        on
            m.record_key = 'email:' || lower(trim(s.customer_email))
            and m.source = split_part(s.source_table, '__', 1)
),

-- the latest word on each field: a group starts wherever the field is told
told as (
    select
        *,
        row_number() over w as version_no,
        count(full_name) over w as full_name_no,
        count(email) over w as email_no,
        count(phone) over w as phone_no,
        count(job_title) over w as job_title_no,
        count(company_id) over w as company_id_no,
        count(company_name) over w as company_name_no,
        count(country) over w as country_no,
        count(city) over w as city_no,
        count(language) over w as language_no,
        count(lifecycle_stage) over w as lifecycle_stage_no,
        min(least(created_at, version_at)) over (partition by customer_id) as first_seen_at
    from version
    window w as (
        partition by customer_id
        order by version_at asc, source collate "C" asc, record_key collate "C" asc, payload_hash asc
        rows unbounded preceding
    )
),

filled as (
    select
        customer_id,
        version_at,
        version_no,
        first_seen_at,
        max(full_name) over (partition by customer_id, full_name_no) as full_name,
        max(email) over (partition by customer_id, email_no) as email,
        max(phone) over (partition by customer_id, phone_no) as phone,
        max(job_title) over (partition by customer_id, job_title_no) as job_title,
        max(company_id) over (partition by customer_id, company_id_no) as company_id,
        max(company_name) over (partition by customer_id, company_name_no) as company_name,
        max(country) over (partition by customer_id, country_no) as country,
        max(city) over (partition by customer_id, city_no) as city,
        max(language) over (partition by customer_id, language_no) as language,
        max(lifecycle_stage) over (partition by customer_id, lifecycle_stage_no) as lifecycle_stage
    from told
),

at_once as (
    select distinct on (customer_id, version_at)
        *,
        md5(
            (
                full_name, email, phone, job_title, company_id, company_name, country, city, language,
                lifecycle_stage
            )::text
        ) as attributes
    from filled
    order by customer_id asc, version_at asc, version_no desc
),

compared as (
    select
        *,
        lag(attributes) over (partition by customer_id order by version_at) as attributes_before
    from at_once
)

select
    customer_id,
    version_at as valid_from,
    lead(version_at) over w as valid_to,
    lead(version_at) over w is null as is_current,
    full_name,
    email,
    phone,
    job_title,
    company_id,
    company_name,
    country,
    city,
    language,
    lifecycle_stage,
    first_seen_at
from compared
where attributes is distinct from attributes_before
window w as (partition by customer_id order by version_at);
