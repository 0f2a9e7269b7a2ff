-- one row per deal open at the window's end in the main currency, the ten largest
select
    source,
    deal_id,
    deal_name,
    company_name,
    rep_name,
    stage_name,
    amount,
    days_in_stage,
    (created_at at time zone %(timezone)s)::date as created_on
from open_deal
where period = 'current' and currency = %(currency)s and amount is not null
order by amount desc, source collate "C", deal_id collate "C"
limit 10;
