-- one row per month, the last six up to the window's end: deals that were to close in it and what became of them
select
    period_start,
    sum(due_deals) as due_deals,
    sum(closed_deals) as closed_deals,
    sum(slipped_deals) as slipped_deals,
    sum(slipped_amount) as slipped_amount,
    sum(mean_days_moved * slipped_deals) / nullif(sum(slipped_deals), 0) as mean_days_moved,
    min(reporting_currency) as reporting_currency
from mart.sales_slippage
where
    source = any(%(sources)s)
    and dimension = 'source'
    and period = 'month'
    and period_start <= %(last_day)s
    and period_start > %(last_day)s - interval '6 months'
group by period_start
order by period_start;
