-- one row per month or quarter, source, dimension and member: deals that were to close in it and what became of them
delete from mart.sales_slippage as m
using period as p
where m.period = p.period and m.period_start = p.period_start;

-- deals that were expected to close in the period, at its start or later in it, while they were open, by the last of
-- these dates
create temp table due_deal on commit drop as
select distinct on (p.period, p.period_start, e.source, e.deal_id)
    p.period,
    p.period_start,
    p.period_end,
    (p.period_end + 1)::timestamptz as ends_at,
    e.source,
    e.deal_id,
    e.expected_close_on as due_on
from core.fct_deal_close_date as e
cross join
    lateral (
        values
        ('month', date_trunc('month', e.expected_close_on)::date),
        ('quarter', date_trunc('quarter', e.expected_close_on)::date)
    ) as g (period, period_start)
inner join period as p on g.period = p.period and g.period_start = p.period_start
where
    e.known_from < (p.period_end + 1)::timestamptz
    and (e.known_to is null or e.known_to > p.period_start::timestamptz)
order by p.period asc, p.period_start asc, e.source asc, e.deal_id asc, e.version_no desc;

analyze due_deal;

insert into mart.sales_slippage (
    period, period_start, source, dimension, member, member_name, due_deals, due_amount, closed_deals, slipped_deals,
    slipped_amount, still_due_deals, slippage, mean_days_moved, median_days_moved, reporting_currency
)
with due as (
    select
        x.period,
        x.period_start,
        x.source,
        d.rep_id,
        d.rep_name,
        d.team,
        d.region,
        case when d.currency = r.currency then d.amount else round(d.amount * c.factor, 2) end as amount,
        d.closed_at < x.ends_at as has_closed,
        l.expected_close_on > x.period_end as has_moved,
        l.expected_close_on - x.due_on as days_moved
    from due_deal as x
    inner join mart.deal as d on x.source = d.source and x.deal_id = d.deal_id
    cross join reporting as r
    cross join as_of as a
    left join rate as c on d.currency = c.currency and least(x.period_end, a.on_day) = c.on_day
    -- the date in force at the period's end
    left join core.fct_deal_close_date as l
        on
            x.source = l.source
            and x.deal_id = l.deal_id
            and x.ends_at > l.known_from
            and (l.known_to is null or x.ends_at <= l.known_to)
    where d.closed_at is null or d.closed_at >= x.period_start::timestamptz
),

told as (
    select
        *,
        coalesce(has_moved and has_closed is not true, false) as has_slipped
    from due
)

select
    t.period,
    t.period_start,
    t.source,
    m.dimension,
    m.member,
    min(m.member_name) as member_name,
    count(*) as due_deals,
    coalesce(sum(t.amount), 0) as due_amount,
    count(*) filter (where t.has_closed) as closed_deals,
    count(*) filter (where t.has_slipped) as slipped_deals,
    coalesce(sum(t.amount) filter (where t.has_slipped), 0) as slipped_amount,
    count(*) filter (where t.has_closed is not true and not t.has_slipped) as still_due_deals,
    count(*) filter (where t.has_slipped)::numeric / count(*) as slippage,
    avg(t.days_moved) filter (where t.has_slipped) as mean_days_moved,
    (percentile_cont(0.5) within group (order by t.days_moved) filter (where t.has_slipped))::numeric
        as median_days_moved,
    r.currency as reporting_currency
from told as t
cross join reporting as r
cross join
    lateral (
        values
        ('source', t.source, t.source),
        ('team', coalesce(t.team, ''), t.team),
        ('region', coalesce(t.region, ''), t.region),
        ('rep', coalesce(t.rep_id, ''), t.rep_name)
    ) as m (dimension, member, member_name)
group by t.period, t.period_start, t.source, m.dimension, m.member, r.currency;
