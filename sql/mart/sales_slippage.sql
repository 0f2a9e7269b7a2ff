-- one row per month or quarter, source, dimension and member: deals that were to close in it and what became of them
delete from mart.sales_slippage as m
using period as p
where m.period = p.period and m.period_start = p.period_start;

insert into mart.sales_slippage (
    period, period_start, source, dimension, member, member_name, due_deals, due_amount, closed_deals, slipped_deals,
    slipped_amount, overdue_deals, slippage, mean_days_moved, median_days_moved, reporting_currency
)
-- expected in the period, at its start or later in it, while the deal was open
with expected as (
    select
        p.period,
        p.period_start,
        p.period_end,
        e.source,
        e.deal_id,
        max(e.version_no) as version_no
    from core.fct_deal_close_date as e
    inner join mart.deal as d on e.source = d.source and e.deal_id = d.deal_id
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
        and (d.closed_at is null or d.closed_at >= p.period_start::timestamptz)
    group by p.period, p.period_start, p.period_end, e.source, e.deal_id
),

due as (
    select
        x.period,
        x.period_start,
        x.source,
        d.rep_id,
        d.rep_name,
        d.team,
        case when d.currency = r.currency then d.amount else round(d.amount * c.factor, 2) end as amount,
        d.closed_at < (x.period_end + 1)::timestamptz as has_closed,
        l.expected_close_on > x.period_end as has_moved,
        l.expected_close_on - e.expected_close_on as days_moved
    from expected as x
    inner join core.fct_deal_close_date as e
        on x.source = e.source and x.deal_id = e.deal_id and x.version_no = e.version_no
    inner join mart.deal as d on x.source = d.source and x.deal_id = d.deal_id
    cross join reporting as r
    cross join as_of as a
    left join rate as c on d.currency = c.currency and least(x.period_end, a.on_day) = c.on_day
    -- the date in force at the period's end
    left join core.fct_deal_close_date as l
        on
            x.source = l.source
            and x.deal_id = l.deal_id
            and l.known_from < (x.period_end + 1)::timestamptz
            and (l.known_to is null or l.known_to >= (x.period_end + 1)::timestamptz)
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
    count(*) filter (where t.has_closed is not true and not t.has_slipped) as overdue_deals,
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
        ('rep', coalesce(t.rep_id, ''), t.rep_name)
    ) as m (dimension, member, member_name)
group by t.period, t.period_start, t.source, m.dimension, m.member, r.currency;
