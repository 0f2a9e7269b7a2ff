-- one row per customer whose id, record, e-mail address or telephone number the text is: by which of them
with named as (
    select
        customer_id,
        'id ' || alias_id as reason
    from core.customer_alias
    where alias_id = %(id)s
    union all
    select
        customer_id,
        'record ' || record_id as reason
    from core.customer_link
    where record_id = %(text)s or record_key = %(text)s
    union all
    select
        c.customer_id,
        'company id ' || a.canonical_id as reason
    from core.identity_alias as a
    inner join core.company_link as k on a.record_id = k.record_id
    inner join mart.customer_360 as c on k.company_id = c.company_id
    where a.kind = 'organisation' and a.canonical_id = %(id)s
    union all
    select
        c.customer_id,
        'company record ' || k.record_id as reason
    from core.company_link as k
    inner join mart.customer_360 as c on k.company_id = c.company_id
    where k.record_id = %(text)s
    union all
    select
        s.customer_id,
        case when k.key like '%%@%%' then 'e-mail ' else 'telephone ' end || k.key as reason
    from mart.customer_search as s
    cross join lateral unnest(s.keys) as k (key)
    where s.keys && %(keys)s::text[] and k.key = any(%(keys)s::text[])
)

select
    n.customer_id,
    array_agg(distinct n.reason order by n.reason) as reasons
from named as n
inner join mart.customer_360 as c on n.customer_id = c.customer_id
group by n.customer_id, c.last_touch_at
order by c.last_touch_at desc nulls last, n.customer_id asc
limit %(most)s;
