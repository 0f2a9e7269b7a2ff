-- one row per product of a source's list, as it is now
delete from core.dim_product as d
using touched_product as t
where d.source = split_part(t.source_table, '__', 1) and d.product_key = t.source_id;

insert into core.dim_product (source, product_key, name, match_key, series, list_price, currency)
select distinct on (s.source_table, s.source_id)
    split_part(s.source_table, '__', 1) as source,
    s.source_id as product_key,
    s.name,
    lower(regexp_replace(s.name, '[^[:alnum:]]', '', 'g')) as match_key,
    s.series,
    s.list_price,
    s.currency
from staging.product as s
inner join touched_product as t on s.source_table = t.source_table and s.source_id = t.source_id
where s.name is not null
order by s.source_table asc, s.source_id asc, s.version_at desc, s.payload_hash desc;
