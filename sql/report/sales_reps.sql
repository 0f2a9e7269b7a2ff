-- one row per rep with deals closed in the window or open at its end; amounts in the main currency
with deal as (
    select
        rep_id,
        rep_name,
        status as what,
        amount,
        currency
    from mart.deal
    where
        source = any(%(sources)s)
        and status in ('won', 'lost')
        and closed_at >= %(window_start)s
        and closed_at < %(window_end)s
    union all
    select
        rep_id,
        rep_name,
        'open' as what,
        amount,
        currency
    from open_deal
    where period = 'current'
)

select
    rep_id,
    min(rep_name) as rep_name,
    count(*) filter (where what = 'won') as won_deals,
    count(*) filter (where what = 'lost') as lost_deals,
    coalesce(sum(amount) filter (where what = 'won' and currency = %(currency)s), 0) as won_amount,
    count(*) filter (where what = 'open') as open_deals,
    coalesce(sum(amount) filter (where what = 'open' and currency = %(currency)s), 0) as pipeline
from deal
group by rep_id
order by won_amount desc, won_deals desc, pipeline desc, min(rep_name) collate "C", rep_id collate "C";
