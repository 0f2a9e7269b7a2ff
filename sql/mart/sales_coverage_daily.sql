-- one row per day, period under way and member with a target: won so far, and what is open to make up the rest
delete from mart.sales_coverage_daily as m
using day as d
where m.day_on = d.day_on;

-- the deals of each member with a target: a rep is known by name or e-mail address, a team by name
create temp table target_deal on commit drop as
with member as (
    select distinct
        dimension,
        member
    from mart.sales_target
),

rep as (
    select distinct
        m.member,
        r.rep_id
    from member as m
    inner join core.dim_rep as r
        on m.dimension = 'rep' and r.is_current and lower(m.member) in (lower(r.full_name), r.email)
)

select
    'rep' as dimension,
    r.member,
    d.source,
    d.deal_id,
    d.status,
    d.currency,
    d.amount,
    d.reporting_amount,
    d.created_at::date as created_on,
    d.closed_at::date as closed_on
from mart.deal as d
inner join rep as r on d.rep_id = r.rep_id
union all
select
    m.dimension,
    m.member,
    d.source,
    d.deal_id,
    d.status,
    d.currency,
    d.amount,
    d.reporting_amount,
    d.created_at::date as created_on,
    d.closed_at::date as closed_on
from mart.deal as d
inner join member as m on m.dimension = 'team' and lower(d.team) = lower(m.member);

analyze target_deal;

insert into mart.sales_coverage_daily (
    day_on, period, period_start, dimension, member, target_amount, won_amount, open_pipeline, coverage,
    reporting_currency
)
with target as (
    select
        p.period,
        p.period_start,
        p.period_end,
        t.dimension,
        t.member,
        sum(t.target_amount) as target_amount
    from period as p
    inner join mart.sales_target as t on t.month_on between p.period_start and p.period_end
    where p.period in ('month', 'quarter')
    group by p.period, p.period_start, p.period_end, t.dimension, t.member
),

-- what each win, and each stay of an open deal's close date in the period, adds on a day or takes away
change as (
    select
        t.period,
        t.period_start,
        t.dimension,
        t.member,
        d.closed_on as on_day,
        null as currency,
        d.reporting_amount as won_amount,
        0 as open_amount
    from target as t
    inner join target_deal as d
        on
            t.dimension = d.dimension
            and t.member = d.member
            and d.status = 'won'
            and d.closed_on between t.period_start and t.period_end
    union all
    select
        t.period,
        t.period_start,
        t.dimension,
        t.member,
        x.on_day,
        d.currency,
        0 as won_amount,
        x.sign * d.amount as open_amount
    from target as t
    inner join target_deal as d on t.dimension = d.dimension and t.member = d.member
    inner join core.fct_deal_close_date as e
        on
            d.source = e.source
            and d.deal_id = e.deal_id
            and e.expected_close_on between t.period_start and t.period_end
    cross join
        lateral (
            values
            (
                greatest(d.created_on, e.known_from::date, t.period_start),
                least(d.closed_on, e.known_to::date, t.period_end + 1)
            )
        ) as s (from_on, to_on)
    cross join lateral (values (s.from_on, 1), (s.to_on, -1)) as x (on_day, sign)
    where s.from_on < s.to_on
),

listed as (
    select
        period,
        period_start,
        dimension,
        member,
        null as currency
    from target
    union
    select
        period,
        period_start,
        dimension,
        member,
        currency
    from change
),

summed as (
    select
        period,
        period_start,
        dimension,
        member,
        on_day,
        currency,
        is_wanted,
        sum(won_amount) over w as won_amount,
        sum(open_amount) over w as open_amount
    from (
        select
            *,
            false as is_wanted
        from change
        union all
        select
            t.period,
            t.period_start,
            t.dimension,
            t.member,
            d.day_on,
            c.currency,
            0 as won_amount,
            0 as open_amount,
            true as is_wanted
        from target as t
        inner join day as d on d.day_on between t.period_start and t.period_end
        inner join listed as c
            on
                t.period = c.period
                and t.period_start = c.period_start
                and t.dimension = c.dimension
                and t.member = c.member
    ) as t
    window w as (partition by period, period_start, dimension, member, currency order by on_day)
),

told as (
    select
        s.period,
        s.period_start,
        s.dimension,
        s.member,
        s.on_day,
        coalesce(sum(s.won_amount), 0) as won_amount,
        coalesce(
            sum(case when s.currency = r.currency then s.open_amount else round(s.open_amount * x.factor, 2) end), 0
        ) as open_pipeline
    from summed as s
    cross join reporting as r
    left join rate as x on s.currency = x.currency and s.on_day = x.on_day
    where s.is_wanted
    group by s.period, s.period_start, s.dimension, s.member, s.on_day
)

select
    s.on_day as day_on,
    s.period,
    s.period_start,
    s.dimension,
    s.member,
    t.target_amount,
    trim_scale(s.won_amount) as won_amount,
    trim_scale(s.open_pipeline) as open_pipeline,
    case when t.target_amount > s.won_amount then s.open_pipeline / (t.target_amount - s.won_amount) end as coverage,
    r.currency as reporting_currency
from told as s
inner join target as t
    on
        s.period = t.period
        and s.period_start = t.period_start
        and s.dimension = t.dimension
        and s.member = t.member
cross join reporting as r;
