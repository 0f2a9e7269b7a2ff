-- one row per day, source and currency: deals created, won and lost on that day
delete from mart.sales_daily as m
using day as d
where m.day_on = d.day_on;

insert into mart.sales_daily (
    day_on, source, currency, created_deals, created_amount, won_deals, won_amount, lost_deals, lost_amount
)
with happened as (
    select
        created_at::date as day_on,
        source,
        currency,
        'created' as what,
        amount
    from mart.deal
    union all
    select
        closed_at::date as day_on,
        source,
        currency,
        status as what,
        amount
    from mart.deal
    where closed_at is not null
)

select
    h.day_on,
    h.source,
    h.currency,
    count(*) filter (where h.what = 'created') as created_deals,
    coalesce(sum(h.amount) filter (where h.what = 'created'), 0) as created_amount,
    count(*) filter (where h.what = 'won') as won_deals,
    coalesce(sum(h.amount) filter (where h.what = 'won'), 0) as won_amount,
    count(*) filter (where h.what = 'lost') as lost_deals,
    coalesce(sum(h.amount) filter (where h.what = 'lost'), 0) as lost_amount
from happened as h
inner join day as d on h.day_on = d.day_on
group by h.day_on, h.source, h.currency;
