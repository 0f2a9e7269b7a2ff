-- one row per day, source and currency: deals created, won and lost on that day
delete from mart.sales_daily as m
using day as d
where m.day_on = d.day_on;

insert into mart.sales_daily (
    day_on, source, currency, created_deals, created_amount, won_deals, won_amount, lost_deals, lost_amount
)
with happened as (
    select
        d.day_on,
        m.source,
        m.currency,
        'created' as what,
        m.amount
    from mart.deal as m
    inner join day as d on m.created_at >= d.starts_at and m.created_at < d.ends_at
    union all
    select
        d.day_on,
        m.source,
        m.currency,
        m.status as what,
        m.amount
    from mart.deal as m
    inner join day as d on m.closed_at >= d.starts_at and m.closed_at < d.ends_at
)

select
    day_on,
    source,
    currency,
    count(*) filter (where what = 'created') as created_deals,
    coalesce(sum(amount) filter (where what = 'created'), 0) as created_amount,
    count(*) filter (where what = 'won') as won_deals,
    coalesce(sum(amount) filter (where what = 'won'), 0) as won_amount,
    count(*) filter (where what = 'lost') as lost_deals,
    coalesce(sum(amount) filter (where what = 'lost'), 0) as lost_amount
from happened
group by day_on, source, currency;
