-- one row per deal open at the window's end, the ten longest in their stage; how long one may stay there
select
    o.source,
    o.deal_id,
    o.deal_name,
    o.company_name,
    o.rep_name,
    o.stage_name,
    o.amount,
    o.currency,
    o.days_in_stage,
    (o.stage_entered_at at time zone %(timezone)s)::date as entered_on,
    s.may_stay_days
from open_deal as o
left join mart.sales_stage as s on o.source = s.source and o.stage_key = s.stage_key
where o.period = 'current' and o.days_in_stage is not null
order by o.days_in_stage desc, o.source collate "C", o.deal_id collate "C"
limit 10;
