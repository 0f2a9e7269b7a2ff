-- one row per source and quarter, the last eight up to the window's end: sales velocity and its parts
select
    source,
    period_start,
    open_deals,
    win_rate,
    deal_size,
    mean_cycle_days,
    velocity,
    reporting_currency
from mart.sales_velocity
where
    source = any(%(sources)s)
    and dimension = 'source'
    and period = 'quarter'
    and period_start <= %(last_day)s
    and period_start > %(last_day)s - interval '24 months'
    and velocity is not null
order by source collate "C", period_start;
