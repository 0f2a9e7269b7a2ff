-- one row per group of accounts, and of open deals, as of the window's last day
select
    'accounts' as what,
    cluster,
    count(*) as members,
    count(*) filter (where cluster <> cluster_month_before) as moved
from mart.account_cluster
where known_to = (%(window_end)s at time zone %(timezone)s)::date - 1
group by cluster
union all
select
    'open deals' as what,
    cluster,
    count(*) as members,
    count(*) filter (where cluster <> cluster_month_before) as moved
from mart.deal_cluster
where known_to = (%(window_end)s at time zone %(timezone)s)::date - 1 and source = any(%(sources)s)
group by cluster
order by what asc, members desc, cluster asc;
