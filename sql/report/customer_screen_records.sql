-- one row per source record of a customer, as its latest version tells, the latest first
with latest as (
    select distinct on (l.record_id)
        l.record_id,
        l.source,
        l.record_key,
        v.version_at,
        v.is_deleted,
        v.fields
    from core.customer_link as l
    inner join core.clean_version as v on v.kind = 'person' and l.record_id = v.record_id
    where l.customer_id = %(customer_id)s
    order by l.record_id asc, v.version_at desc, v.payload_hash desc
)

select
    record_id,
    source,
    record_key,
    version_at,
    is_deleted,
    fields ->> 'full_name' as full_name,
    fields ->> 'email' as email,
    fields ->> 'phone' as phone,
    fields ->> 'company_name' as company_name
from latest
order by version_at desc, record_id asc
limit %(most)s;
