-- one row per team, and one per region, with deals closed in the window; amounts in the main currency
select
    case when grouping(team) = 0 then 'team' else 'region' end as kind,
    case when grouping(team) = 0 then team else region end as group_name,
    count(*) filter (where status = 'won') as won_deals,
    count(*) filter (where status = 'lost') as lost_deals,
    coalesce(sum(amount) filter (where status = 'won' and currency = %(currency)s), 0) as won_amount
from mart.deal
where
    source = any(%(sources)s)
    and status in ('won', 'lost')
    and closed_at >= %(window_start)s
    and closed_at < %(window_end)s
group by grouping sets ((team), (region))
order by kind asc, won_amount desc, won_deals desc, team collate "C" asc, region collate "C" asc;
