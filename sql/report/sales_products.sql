-- one row per product with deals closed in the window; amounts in the main currency
select
    product_name,
    count(*) filter (where status = 'won') as won_deals,
    count(*) filter (where status = 'lost') as lost_deals,
    coalesce(sum(amount) filter (where status = 'won' and currency = %(currency)s), 0) as won_amount,
    avg(amount) filter (where status = 'won' and currency = %(currency)s) as deal_size
from mart.deal
where
    source = any(%(sources)s)
    and status in ('won', 'lost')
    and closed_at >= %(window_start)s
    and closed_at < %(window_end)s
group by product_name
order by won_amount desc, won_deals desc, lost_deals desc, product_name collate "C";
