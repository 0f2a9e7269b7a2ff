-- one row per source record of a person: which customer it is
create temp table linked_record on commit drop as
with latest as (
    select distinct on (s.source_table, s.source_id)
        split_part(s.source_table, '__', 1) as source,
        s.source_id as record_key,
        s.role = 'agent' or s.is_deleted or m.source_id is not null as is_no_customer,
        lower(trim(s.email)) as email
    from staging.customer as s
    inner join touched_customer as t on s.source_table = t.source_table and s.source_id = t.source_id
    left join merged_customer as m on s.source_table = m.source_table and s.source_id = m.source_id
    order by s.source_table asc, s.source_id asc, s.version_at desc, s.payload_hash desc
),

buyer as (
    select distinct
        split_part(s.source_table, '__', 1) as source,
        lower(trim(s.customer_email)) as email
    from staging.order_line as s
    inner join touched_order_line as t on s.source_table = t.source_table and s.source_id = t.source_id
    where s.customer_email is not null
)

select
    source,
    record_key,
    is_no_customer,
    coalesce(nullif(email, ''), source || ':' || record_key) as match_key
from latest
union all
select
    source,
    'email:' || email as record_key,
    false as is_no_customer,
    email as match_key
from buyer;

create temp table affected_match on commit drop as
select match_key from linked_record
union
select l.match_key
from core.customer_link as l
inner join linked_record as r on l.source = r.source and l.record_key = r.record_key;

create temp table affected_customer on commit drop as
select distinct l.customer_id
from core.customer_link as l
inner join affected_match as a on l.match_key = a.match_key;

delete from core.customer_link as l
using linked_record as r
where l.source = r.source and l.record_key = r.record_key;

insert into core.customer_link (source, record_key, match_key, customer_id)
select
    source,
    record_key,
    match_key,
    '' as customer_id
from linked_record
where is_no_customer is not true;

-- a customer is named after the smallest key of the members, so the order of loading does not matter
update core.customer_link as l
set customer_id = g.customer_id
from (
    select
        c.match_key,
        'c' || left(md5(min((c.source || ':' || c.record_key) collate "C")), 16) as customer_id
    from core.customer_link as c
    inner join affected_match as a on c.match_key = a.match_key
    group by c.match_key
) as g
where l.match_key = g.match_key and l.customer_id <> g.customer_id;

insert into affected_customer (customer_id)
select distinct l.customer_id
from core.customer_link as l
inner join affected_match as a on l.match_key = a.match_key
where not exists (
    select 1 from affected_customer as c
    where c.customer_id = l.customer_id
);
