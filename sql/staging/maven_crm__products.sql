-- one row per version of a product
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r.product as name,
    r.series,
    r.sales_price as list_price,
    'USD' as currency
from batch as b
cross join lateral json_to_record(b.payload) as r (
    product text,
    series text,
    sales_price text
);
