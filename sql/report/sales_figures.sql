-- one row per period and currency, and one per period with all of them (is_total): what was created, won, lost, open
with period as (
    select
        'current' as period,
        %(window_start)s::timestamptz as starts_at,
        %(window_end)s::timestamptz as ends_at
    union all
    select
        'previous' as period,
        %(previous_start)s::timestamptz as starts_at,
        %(window_start)s::timestamptz as ends_at
),

deal as (
    select
        source,
        status,
        currency,
        amount,
        company_id,
        company_name,
        created_at,
        closed_at,
        sales_cycle_days
    from mart.deal
    where source = any(%(sources)s)
),

event as (
    select
        p.period,
        d.currency,
        'created' as what,
        d.amount,
        null::numeric as weighted_amount,
        null::numeric as sales_cycle_days,
        false as has_no_account
    from deal as d
    inner join period as p on d.created_at >= p.starts_at and d.created_at < p.ends_at
    union all
    select
        p.period,
        d.currency,
        d.status as what,
        d.amount,
        null as weighted_amount,
        case when d.status = 'won' then d.sales_cycle_days end as sales_cycle_days,
        false as has_no_account
    from deal as d
    inner join period as p on d.closed_at >= p.starts_at and d.closed_at < p.ends_at
    where d.status in ('won', 'lost')
    union all
    select
        p.period,
        d.currency,
        'known' as what,
        d.amount,
        null as weighted_amount,
        null as sales_cycle_days,
        d.company_id is null and d.company_name is null as has_no_account
    from deal as d
    inner join period as p on d.created_at < p.ends_at or d.closed_at < p.ends_at
    union all
    select
        p.period,
        d.currency,
        'undated' as what,
        d.amount,
        null as weighted_amount,
        null as sales_cycle_days,
        false as has_no_account
    from deal as d
    inner join period as p on d.created_at < p.ends_at
    where d.status in ('won', 'lost') and d.closed_at is null
    union all
    select
        o.period,
        o.currency,
        case when o.stage_name is null then 'open, no stage' else 'open' end as what,
        o.amount,
        o.amount * o.probability as weighted_amount,
        null as sales_cycle_days,
        false as has_no_account
    from open_deal as o
)

select
    p.period,
    e.currency,
    grouping(e.currency) = 1 as is_total,
    count(*) filter (where e.what = 'created') as created_deals,
    coalesce(sum(e.amount) filter (where e.what = 'created'), 0) as created_amount,
    count(*) filter (where e.what = 'won') as won_deals,
    coalesce(sum(e.amount) filter (where e.what = 'won'), 0) as won_amount,
    count(*) filter (where e.what = 'won' and e.amount is null) as won_without_amount,
    avg(e.amount) filter (where e.what = 'won') as deal_size,
    count(*) filter (where e.what = 'lost') as lost_deals,
    coalesce(sum(e.amount) filter (where e.what = 'lost'), 0) as lost_amount,
    avg(e.sales_cycle_days) as mean_cycle_days,
    (percentile_cont(0.5) within group (order by e.sales_cycle_days))::numeric as median_cycle_days,
    count(e.sales_cycle_days) as cycles,
    count(*) filter (where e.what like 'open%%') as open_deals,
    coalesce(sum(e.amount) filter (where e.what like 'open%%'), 0) as pipeline,
    coalesce(sum(e.weighted_amount), 0) as weighted_pipeline,
    count(*) filter (where e.what like 'open%%' and e.amount is null) as open_without_amount,
    count(*) filter (where e.what = 'open, no stage') as open_without_stage,
    count(*) filter (where e.what = 'known') as known_deals,
    count(*) filter (where e.has_no_account) as deals_without_account,
    count(*) filter (where e.what = 'undated') as closed_without_date
from period as p
left join event as e on p.period = e.period
group by grouping sets ((p.period), (p.period, e.currency))
order by p.period asc, is_total desc, won_amount desc, pipeline desc, known_deals desc, e.currency asc;
