-- one row per version of a line of an order
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r.order_id as order_key,
    r.line as line_no,
    r.ordered_at,
    r.customer_email,
    r.customer_name,
    r.sku,
    r.product as product_name,
    r.quantity,
    r.unit_price,
    r.currency,
    r.country
from batch as b
cross join lateral json_to_record(b.payload) as r (
    order_id text,
    line text,
    ordered_at text,
    customer_email text,
    customer_name text,
    sku text,
    product text,
    quantity text,
    unit_price text,
    currency text,
    country text
);
