-- one row per deal open at the window's end, the ten that have been in their stage longest
select
    source,
    deal_id,
    deal_name,
    company_name,
    rep_name,
    stage_name,
    amount,
    currency,
    days_in_stage,
    (stage_entered_at at time zone %(timezone)s)::date as entered_on
from open_deal
where period = 'current' and days_in_stage is not null
order by days_in_stage desc, source collate "C", deal_id collate "C"
limit 10;
