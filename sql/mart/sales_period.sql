-- one row per period, source, dimension and member: deals created, won, lost and open; amounts in one currency
create temp table sales_deal on commit drop as
with span as (
    select min(period_start) as first_on from period
)

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
left join rate as x on m.currency = x.currency and m.created_at::date = x.on_day
cross join span as s
-- a deal that was over before these periods is in none of them
where m.closed_at is null or m.created_at::date >= s.first_on or m.closed_at::date >= s.first_on;

analyze sales_deal;

-- a deal is open at the end of the days from its creation to before its closing: one more there, one less here
create temp table sales_member on commit drop as
with wanted as (
    select
        min(period_end) as first_on,
        max(period_end) as last_on
    from period
),

counted as (
    select distinct
        d.source,
        d.currency,
        d.rep,
        d.team,
        d.region,
        d.product,
        d.lead_source
    from sales_deal as d
    inner join wanted as s
        on
            d.created_on <= s.last_on
            and (d.closed_on is null or (d.closed_on > s.first_on and d.closed_on > d.created_on))
),

member as (
    select distinct
        c.source,
        m.dimension,
        m.member,
        c.currency
    from counted as c
    cross join lateral (
        values
        ('source', c.source),
        ('rep', c.rep),
        ('team', c.team),
        ('region', c.region),
        ('product', c.product),
        ('lead_source', c.lead_source)
    ) as m (dimension, member)
)

select
    row_number() over () as member_no,
    source,
    dimension,
    member,
    currency
from member;

analyze sales_member;

create temp table sales_change on commit drop as
with wanted as (
    select
        min(period_end) as first_on,
        max(period_end) as last_on
    from period
),

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
    inner join wanted as s
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
)

select
    m.member_no,
    c.on_day,
    c.deals,
    c.amount,
    c.deals_with_amount
from change as c
inner join sales_member as m
    on c.source = m.source and c.dimension = m.dimension and c.member = m.member and c.currency = m.currency;

analyze sales_change;

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
        d.created_on as day_on,
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
        d.closed_on as day_on,
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

-- by day first: the longer periods are sums of days
flow_day as (
    select
        h.day_on,
        h.source,
        m.dimension,
        m.member,
        count(*) filter (where h.what = 'created') as created_deals,
        coalesce(sum(h.amount) filter (where h.what = 'created'), 0) as created_amount,
        count(*) filter (where h.what = 'won') as won_deals,
        coalesce(sum(h.amount) filter (where h.what = 'won'), 0) as won_amount,
        count(h.amount) filter (where h.what = 'won') as won_deals_with_amount,
        count(*) filter (where h.what = 'lost') as lost_deals,
        coalesce(sum(h.amount) filter (where h.what = 'lost'), 0) as lost_amount,
        count(*) filter (where h.is_unconverted) as unconverted_deals
    from happened as h
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
    group by h.day_on, h.source, m.dimension, m.member
),

period_day as (
    select
        p.period,
        p.period_start,
        g.day_on::date as day_on
    from period as p
    cross join lateral generate_series(p.period_start, p.period_end, interval '1 day') as g (day_on)
),

flow as (
    select
        p.period,
        p.period_start,
        f.source,
        f.dimension,
        f.member,
        sum(f.created_deals) as created_deals,
        sum(f.created_amount) as created_amount,
        sum(f.won_deals) as won_deals,
        sum(f.won_amount) as won_amount,
        sum(f.won_amount) / nullif(sum(f.won_deals_with_amount), 0) as deal_size,
        sum(f.lost_deals) as lost_deals,
        sum(f.lost_amount) as lost_amount,
        sum(f.unconverted_deals) as unconverted_deals
    from flow_day as f
    inner join period_day as p on f.day_on = p.day_on
    group by p.period, p.period_start, f.source, f.dimension, f.member
),

cycle as (
    select
        p.period,
        p.period_start,
        h.source,
        m.dimension,
        m.member,
        avg(h.cycle_days) as mean_cycle_days,
        (percentile_cont(0.5) within group (order by h.cycle_days))::numeric as median_cycle_days
    from happened as h
    inner join period_day as p on h.day_on = p.day_on
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
    where h.cycle_days is not null
    group by p.period, p.period_start, h.source, m.dimension, m.member
),

summed as (
    select
        member_no,
        on_day,
        is_wanted,
        sum(deals) over w as open_deals,
        sum(amount) over w as amount,
        sum(deals_with_amount) over w as deals_with_amount
    from (
        select
            member_no,
            on_day,
            false as is_wanted,
            deals,
            amount,
            deals_with_amount
        from sales_change
        union all
        select
            m.member_no,
            l.on_day,
            true as is_wanted,
            0 as deals,
            0 as amount,
            0 as deals_with_amount
        from sales_member as m
        cross join (select distinct period_end as on_day from period) as l
    ) as t
    window w as (partition by member_no order by on_day)
),

stock as (
    select
        m.source,
        m.dimension,
        m.member,
        t.on_day,
        sum(t.open_deals) as open_deals,
        coalesce(
            sum(case when m.currency = r.currency then t.amount else round(t.amount * x.factor, 2) end), 0
        ) as pipeline,
        coalesce(
            sum(t.deals_with_amount) filter (where m.currency <> r.currency and x.factor is null), 0
        ) as unconverted_deals
    from summed as t
    inner join sales_member as m on t.member_no = m.member_no
    cross join reporting as r
    cross join as_of as a
    left join rate as x on m.currency = x.currency and least(t.on_day, a.on_day) = x.on_day
    where t.is_wanted and t.open_deals > 0
    group by m.source, m.dimension, m.member, t.on_day
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
    c.mean_cycle_days,
    c.median_cycle_days,
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
left join cycle as c
    on
        f.period = c.period
        and f.period_start = c.period_start
        and f.source = c.source
        and f.dimension = c.dimension
        and f.member = c.member
cross join reporting as r
left join core.dim_rep as e on coalesce(f.member, o.member) = e.rep_id and e.is_current;

analyze mart.sales_period;
