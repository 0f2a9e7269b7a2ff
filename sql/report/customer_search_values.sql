-- one row per customer and value that they can be found by, of those given
select distinct
    l.customer_id,
    e.field,
    v.fields ->> e.field as value
from core.customer_link as l
inner join core.clean_version as v on v.kind = 'person' and l.record_id = v.record_id
cross join (values ('full_name'), ('email'), ('phone'), ('company_name')) as e (field)
where l.customer_id = any(%(customer_ids)s) and v.fields ? e.field
union
select
    c.customer_id,
    'company_name' as field,
    e.value
from mart.customer_360 as c
inner join core.dim_company as f on c.company_id = f.company_id and f.is_current
cross join lateral (values (f.name), (f.domain)) as e (value)
where c.customer_id = any(%(customer_ids)s) and e.value is not null
order by customer_id asc, field desc, value asc;
