-- one row per stage and currency: deals that are open
select
    stage_name,
    coalesce(reporting_currency, currency) as currency,
    min(stage_position) as stage_position,
    count(*) as open_deals,
    coalesce(sum(coalesce(reporting_amount, amount)), 0) as amount,
    coalesce(sum(coalesce(reporting_weighted_amount, weighted_amount)), 0) as weighted_amount
from mart.deal
where status = 'open'
group by stage_name, coalesce(reporting_currency, currency)
order by stage_position, stage_name, currency;
