-- one row per line of an order, as its latest version tells
create temp table touched_line on commit drop as
select distinct
    s.source_table,
    s.order_key,
    s.line_no
from staging.order_line as s
inner join touched_order_line as t on s.source_table = t.source_table and s.source_id = t.source_id
where s.order_key is not null and s.line_no is not null;

-- a source may write one line's number in two ways, 1 and 01: it is one line, and the latest version tells
create temp table latest_order_line on commit drop as
select distinct on (s.source_table, s.order_key, s.line_no)
    split_part(s.source_table, '__', 1) as source,
    s.order_key as order_id,
    s.line_no,
    coalesce(s.ordered_at, s.version_at) as ordered_at,
    'email:' || lower(trim(s.customer_email)) as customer_key,
    s.sku,
    s.product_name,
    s.quantity,
    s.unit_price,
    s.quantity * s.unit_price as amount,
    s.currency,
    s.country,
    s.is_deleted
from staging.order_line as s
inner join touched_line as t
    on s.source_table = t.source_table and s.order_key = t.order_key and s.line_no = t.line_no
order by
    s.source_table asc, s.order_key asc, s.line_no asc, s.version_at desc, s.payload_hash desc, s.source_id desc;

delete from core.fct_order_line as d
using latest_order_line as t
where d.source = t.source and d.order_id = t.order_id and d.line_no = t.line_no;

insert into core.fct_order_line (
    source, order_id, line_no, ordered_at, customer_key, sku, product_name, quantity, unit_price, amount, currency,
    country
)
select
    source,
    order_id,
    line_no,
    ordered_at,
    customer_key,
    sku,
    product_name,
    quantity,
    unit_price,
    amount,
    currency,
    country
from latest_order_line
where not is_deleted;
