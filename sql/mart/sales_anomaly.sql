-- which parts of the sales explain each anomaly: what they had more, or less, than their share of what was expected
with anomaly as (
    select
        row_number() over () as anomaly_no,
        x.series,
        x.period,
        x.period_start,
        x.actual,
        x.expected,
        x.period_start as from_on,
        case x.period when 'day' then x.period_start + 1 else x.period_start + 7 end as to_on
    from mart.sales_expectation as x
    where x.is_anomaly
),

happened as (
    select
        'new_deals' as series,
        created_at::date as day_on,
        1::numeric as figure,
        team,
        rep_name,
        product_name,
        lead_source
    from mart.deal
    union all
    select
        e.series,
        m.closed_at::date as day_on,
        e.figure,
        m.team,
        m.rep_name,
        m.product_name,
        m.lead_source
    from mart.deal as m
    cross join lateral (values (m.status || '_deals', 1), ('bookings', m.reporting_amount)) as e (series, figure)
    where m.status = 'won' or (m.status = 'lost' and e.series = 'lost_deals')
    union all
    select
        'activities' as series,
        c.occurred_at::date as day_on,
        1 as figure,
        r.team,
        r.full_name as rep_name,
        null as product_name,
        null as lead_source
    from core.fct_activity as c
    left join core.dim_rep as r on c.source || ':' || c.owner_key = r.rep_id and r.is_current
    where not c.is_deleted
),

-- the days of the anomalies, and of the eight weeks before, which say what the share of each part is
wanted as (
    select distinct
        a.series,
        d.day_on::date as day_on
    from anomaly as a
    cross join lateral generate_series(a.from_on - 56, a.to_on - 1, interval '1 day') as d (day_on)
),

-- once for each day: anomalies near each other have these weeks in common
daily as (
    select
        h.series,
        h.day_on,
        p.dimension,
        p.member,
        sum(h.figure) as figure
    from happened as h
    inner join wanted as w on h.series = w.series and h.day_on = w.day_on
    cross join
        lateral (
            values ('team', h.team), ('rep', h.rep_name), ('product', h.product_name), ('source', h.lead_source)
        ) as p (dimension, member)
    where p.member is not null
    group by h.series, h.day_on, p.dimension, p.member
),

share as (
    select
        a.anomaly_no,
        d.dimension,
        d.member,
        sum(d.figure) filter (where d.day_on >= a.from_on) as figure,
        sum(d.figure) filter (where d.day_on < a.from_on) as figure_before
    from anomaly as a
    inner join daily as d on a.series = d.series and d.day_on >= a.from_on - 56 and a.to_on > d.day_on
    group by a.anomaly_no, d.dimension, d.member
),

part as (
    select
        a.series,
        a.period,
        a.period_start,
        s.dimension,
        s.member,
        coalesce(s.figure, 0) - a.expected * coalesce(s.figure_before, 0)
        / nullif(sum(s.figure_before) over (partition by s.anomaly_no, s.dimension), 0) as excess,
        a.actual - a.expected as deviation
    from share as s
    inner join anomaly as a on s.anomaly_no = a.anomaly_no
),

ranked as (
    select
        series,
        period,
        period_start,
        dimension || ' ' || member || ' ' || to_char(100 * excess / deviation, 'FM990') || ' %' as told,
        row_number() over (
            partition by series, period, period_start
            order by excess / deviation desc, dimension asc, member collate "C" asc
        ) as place
    from part
    where deviation <> 0 and excess / deviation >= 0.2
)

update mart.sales_expectation as x
set explained_by = r.parts
from (
    select
        series,
        period,
        period_start,
        array_agg(told order by place) as parts
    from ranked
    where place <= 3
    group by series, period, period_start
) as r
where x.series = r.series and x.period = r.period and x.period_start = r.period_start;
