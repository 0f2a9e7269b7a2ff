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
    r.close_date as closed_at,
    h.stage_history
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
        )
-- the file tells two dates: when the deal was engaged, and when it was closed
cross join lateral (
    select json_agg(json_build_object('stage', m.stage, 'at', m.at) order by m.no) as stage_history
    from (values (1, 'Engaging', r.engage_date), (2, r.deal_stage, r.close_date)) as m (no, stage, at)
    where m.at is not null
) as h;
