-- one row per deal of a customer, the newest first
select
    source,
    deal_id,
    deal_name,
    status,
    stage_name,
    amount,
    currency,
    rep_name,
    created_at,
    closed_at
from mart.deal
where customer_id = %(customer_id)s
order by created_at desc, source asc, deal_id asc
limit %(most)s;
