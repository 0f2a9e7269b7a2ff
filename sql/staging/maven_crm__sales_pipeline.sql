-- one row per version of an opportunity
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r.opportunity_id as name,
    r.deal_stage as stage_key,
    r.close_value as amount,
    'USD' as currency,
    r.sales_agent as owner_key,
    r.account as company_key,
    r.product as product_name,
    r.engage_date as created_at,
    r.close_date as closed_at
from batch as b
cross join
    lateral json_to_record(b.payload)
        as r (
            opportunity_id text,
            sales_agent text,
            product text,
            account text,
            deal_stage text,
            engage_date text,
            close_date text,
            close_value text
        );
