-- one row per period, source, dimension and member: deals created, won, lost and open; amounts in one currency
create temp table sales_deal on commit drop as
select
    m.source,
    m.status,
    m.currency,
    m.amount,
    m.created_at::date as created_on,
    m.closed_at::date as closed_on,
    m.sales_cycle_days,
    m.reporting_amount,
    case when m.currency = r.currency then m.amount else round(m.amount * x.factor, 2) end as created_amount,
    coalesce(m.rep_id, '') as rep,
    coalesce(m.team, '') as team,
    coalesce(m.region, '') as region,
    coalesce(m.product_name, '') as product,
    coalesce(m.lead_source, '') as lead_source
from mart.deal as m
cross join reporting as r
left join rate as x on m.currency = x.currency and m.created_at::date = x.on_day;

analyze sales_deal;

delete from mart.sales_period as m
using period as p
where m.period = p.period and m.period_start = p.period_start;

insert into mart.sales_period (
    period, period_start, source, dimension, member, member_name, created_deals, created_amount, won_deals, won_amount,
    lost_deals, lost_amount, win_rate, win_rate_amount, deal_size, mean_cycle_days, median_cycle_days, open_deals,
    pipeline, unconverted_deals, reporting_currency
)
with span as (
    select
        min(period_start) as first_on,
        max(period_end) as last_on
    from period
),

happened as (
    select
        d.created_on as on_day,
        'created' as what,
        d.created_amount as amount,
        null::numeric as cycle_days,
        d.amount is not null and d.created_amount is null as is_unconverted,
        d.source,
        d.rep,
        d.team,
        d.region,
        d.product,
        d.lead_source
    from sales_deal as d
    inner join span as s on d.created_on between s.first_on and s.last_on
    union all
    select
        d.closed_on as on_day,
        d.status as what,
        d.reporting_amount as amount,
        case when d.status = 'won' then d.sales_cycle_days end as cycle_days,
        d.amount is not null and d.reporting_amount is null as is_unconverted,
        d.source,
        d.rep,
        d.team,
        d.region,
        d.product,
        d.lead_source
    from sales_deal as d
    inner join span as s on d.closed_on between s.first_on and s.last_on
),

flow as (
    select
        p.period,
        p.period_start,
        h.source,
        m.dimension,
        m.member,
        count(*) filter (where h.what = 'created') as created_deals,
        coalesce(sum(h.amount) filter (where h.what = 'created'), 0) as created_amount,
        count(*) filter (where h.what = 'won') as won_deals,
        coalesce(sum(h.amount) filter (where h.what = 'won'), 0) as won_amount,
        count(*) filter (where h.what = 'lost') as lost_deals,
        coalesce(sum(h.amount) filter (where h.what = 'lost'), 0) as lost_amount,
        avg(h.amount) filter (where h.what = 'won') as deal_size,
        avg(h.cycle_days) as mean_cycle_days,
        (percentile_cont(0.5) within group (order by h.cycle_days))::numeric as median_cycle_days,
        count(*) filter (where h.is_unconverted) as unconverted_deals
    from happened as h
    cross join
        lateral (
            values
            ('day', h.on_day),
            ('week', date_trunc('week', h.on_day)::date),
            ('month', date_trunc('month', h.on_day)::date),
            ('quarter', date_trunc('quarter', h.on_day)::date)
        ) as g (period, period_start)
    inner join period as p on g.period = p.period and g.period_start = p.period_start
    cross join
        lateral (
            values
            ('source', h.source),
            ('rep', h.rep),
            ('team', h.team),
            ('region', h.region),
            ('product', h.product),
            ('lead_source', h.lead_source)
        ) as m (dimension, member)
    group by p.period, p.period_start, h.source, m.dimension, m.member
),

last_day as (
    select distinct period_end as on_day
    from period
),

first_last_day as (
    select
        min(on_day) as first_on,
        max(on_day) as last_on
    from last_day
),

-- a deal is open at the end of the days from its creation to before its closing: one more there, one less here
change as (
    select
        d.source,
        m.dimension,
        m.member,
        d.currency,
        x.on_day,
        sum(x.sign) as deals,
        sum(x.sign * d.amount) as amount,
        sum(x.sign) filter (where d.amount is not null) as deals_with_amount
    from sales_deal as d
    inner join first_last_day as s
        on
            d.created_on <= s.last_on
            and (d.closed_on is null or (d.closed_on > s.first_on and d.closed_on > d.created_on))
    cross join
        lateral (
            values
            (greatest(d.created_on, s.first_on), 1),
            (d.closed_on, -1)
        ) as x (on_day, sign)
    cross join
        lateral (
            values
            ('source', d.source),
            ('rep', d.rep),
            ('team', d.team),
            ('region', d.region),
            ('product', d.product),
            ('lead_source', d.lead_source)
        ) as m (dimension, member)
    where x.on_day <= s.last_on
    group by d.source, m.dimension, m.member, d.currency, x.on_day
),

summed as (
    select
        source,
        dimension,
        member,
        currency,
        on_day,
        is_wanted,
        sum(deals) over w as open_deals,
        sum(amount) over w as amount,
        sum(deals_with_amount) over w as deals_with_amount
    from (
        select
            source,
            dimension,
            member,
            currency,
            on_day,
            false as is_wanted,
            deals,
            amount,
            deals_with_amount
        from change
        union all
        select
            c.source,
            c.dimension,
            c.member,
            c.currency,
            l.on_day,
            true as is_wanted,
            0 as deals,
            0 as amount,
            0 as deals_with_amount
        from (select distinct
            source,
            dimension,
            member,
            currency
        from change) as c
        cross join last_day as l
    ) as t
    window w as (partition by source, dimension, member, currency order by on_day)
),

stock as (
    select
        t.source,
        t.dimension,
        t.member,
        t.on_day,
        sum(t.open_deals) as open_deals,
        coalesce(
            sum(case when t.currency = r.currency then t.amount else round(t.amount * x.factor, 2) end), 0
        ) as pipeline,
        coalesce(
            sum(t.deals_with_amount) filter (where t.currency <> r.currency and x.factor is null), 0
        ) as unconverted_deals
    from summed as t
    cross join reporting as r
    cross join as_of as a
    left join rate as x on t.currency = x.currency and least(t.on_day, a.on_day) = x.on_day
    where t.is_wanted and t.open_deals > 0
    group by t.source, t.dimension, t.member, t.on_day
),

open_then as (
    select
        p.period,
        p.period_start,
        s.source,
        s.dimension,
        s.member,
        s.open_deals,
        s.pipeline,
        s.unconverted_deals
    from stock as s
    inner join period as p on s.on_day = p.period_end
)

select
    coalesce(f.period, o.period) as period,
    coalesce(f.period_start, o.period_start) as period_start,
    coalesce(f.source, o.source) as source,
    coalesce(f.dimension, o.dimension) as dimension,
    coalesce(f.member, o.member) as member,
    case
        when coalesce(f.dimension, o.dimension) = 'rep' then e.full_name else nullif(coalesce(f.member, o.member), '')
    end as member_name,
    coalesce(f.created_deals, 0) as created_deals,
    trim_scale(coalesce(f.created_amount, 0)) as created_amount,
    coalesce(f.won_deals, 0) as won_deals,
    trim_scale(coalesce(f.won_amount, 0)) as won_amount,
    coalesce(f.lost_deals, 0) as lost_deals,
    trim_scale(coalesce(f.lost_amount, 0)) as lost_amount,
    f.won_deals::numeric / nullif(f.won_deals + f.lost_deals, 0) as win_rate,
    f.won_amount / nullif(f.won_amount + f.lost_amount, 0) as win_rate_amount,
    f.deal_size,
    f.mean_cycle_days,
    f.median_cycle_days,
    coalesce(o.open_deals, 0) as open_deals,
    trim_scale(coalesce(o.pipeline, 0)) as pipeline,
    coalesce(f.unconverted_deals, 0) + coalesce(o.unconverted_deals, 0) as unconverted_deals,
    r.currency as reporting_currency
from flow as f
full outer join open_then as o
    on
        f.period = o.period
        and f.period_start = o.period_start
        and f.source = o.source
        and f.dimension = o.dimension
        and f.member = o.member
cross join reporting as r
left join core.dim_rep as e on coalesce(f.member, o.member) = e.rep_id and e.is_current;

analyze mart.sales_period;
