-- one row per customer known at the window's end, as they were then
create temp table customer_state on commit drop as
with known as (
    select
        customer_id,
        first_seen_at,
        sources,
        %(window_end)s::timestamptz as ends_at
    from mart.customer_360
    where first_seen_at < %(window_end)s and sources && %(sources)s::text[]
),

-- what was known by the window's end, else the first that was ever told
version as (
    select distinct on (k.customer_id)
        k.customer_id,
        k.first_seen_at,
        k.sources,
        v.full_name,
        v.email,
        v.phone,
        v.country,
        v.language,
        v.company_id,
        v.company_name
    from known as k
    inner join core.dim_customer as v on k.customer_id = v.customer_id
    order by
        k.customer_id asc,
        k.ends_at > v.valid_from desc,
        case when k.ends_at > v.valid_from then v.valid_from end desc,
        v.valid_from asc
),

company as (
    select distinct on (company_id)
        company_id,
        name
    from core.dim_company
    order by
        company_id asc,
        valid_from < %(window_end)s desc,
        case when valid_from < %(window_end)s then valid_from end desc,
        valid_from asc
)

select
    v.customer_id,
    v.first_seen_at,
    v.sources,
    v.full_name,
    v.email,
    v.phone,
    v.country,
    v.language,
    coalesce(v.company_name, c.name) as company_name
from version as v
left join company as c on v.company_id = c.company_id;
