-- one row per day on which deals were created, won or lost; amounts in the main currency
with event as (
    select
        (created_at at time zone %(timezone)s)::date as day_on,
        'created' as what,
        amount,
        currency
    from mart.deal
    where source = any(%(sources)s) and created_at >= %(history_start)s and created_at < %(window_end)s
    union all
    select
        (closed_at at time zone %(timezone)s)::date as day_on,
        status as what,
        amount,
        currency
    from mart.deal
    where source = any(%(sources)s) and closed_at >= %(history_start)s and closed_at < %(window_end)s
)

select
    day_on,
    count(*) filter (where what = 'created') as created_deals,
    count(*) filter (where what = 'won') as won_deals,
    count(*) filter (where what = 'lost') as lost_deals,
    coalesce(sum(amount) filter (where what = 'won' and currency = %(currency)s), 0) as won_amount
from event
group by day_on
order by day_on;
