-- one row per cluster at the window's end: customers, those of a month before, and who moved
with counted as (
    select
        cluster,
        cluster_month_before,
        count(*) as customers,
        sum(recency_days) as recency_days,
        sum(frequency) as frequency,
        count(*) filter (where currency = %(currency)s) as in_currency,
        sum(monetary) filter (where currency = %(currency)s) as monetary,
        sum(lifetime_value::numeric) filter (where currency = %(currency)s) as lifetime_value
    from mart.customer_value
    where as_of_on = %(last_day)s and cluster is not null
    group by cluster, cluster_month_before
),

name as (
    select cluster from counted
    union
    select cluster_month_before as cluster from counted
    where cluster_month_before is not null
)

select
    n.cluster,
    coalesce(sum(c.customers) filter (where c.cluster = n.cluster), 0)::bigint as customers,
    coalesce(sum(c.customers) filter (where c.cluster_month_before = n.cluster), 0)::bigint as customers_before,
    coalesce(
        sum(c.customers) filter (where c.cluster = n.cluster and c.cluster_month_before is null), 0
    )::bigint as new_customers,
    coalesce(
        sum(c.customers) filter (where c.cluster = n.cluster and c.cluster_month_before <> n.cluster), 0
    )::bigint as moved_in,
    coalesce(
        sum(c.customers) filter (where c.cluster <> n.cluster and c.cluster_month_before = n.cluster), 0
    )::bigint as moved_out,
    sum(c.recency_days) filter (where c.cluster = n.cluster)
    / sum(c.customers) filter (where c.cluster = n.cluster) as mean_recency_days,
    sum(c.frequency) filter (where c.cluster = n.cluster)
    / sum(c.customers) filter (where c.cluster = n.cluster) as mean_frequency,
    sum(c.monetary) filter (where c.cluster = n.cluster)
    / nullif(sum(c.in_currency) filter (where c.cluster = n.cluster), 0) as mean_monetary,
    sum(c.lifetime_value) filter (where c.cluster = n.cluster)
    / nullif(sum(c.in_currency) filter (where c.cluster = n.cluster), 0) as mean_lifetime_value
from name as n
inner join counted as c on n.cluster = c.cluster or n.cluster = c.cluster_month_before
group by n.cluster
order by customers desc, n.cluster collate "C";
