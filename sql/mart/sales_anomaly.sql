-- which parts of the sales explain each anomaly: what they had more, or less, than their share of what was expected
with anomaly as (
    select
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

-- with the eight weeks before, which say what the share of each part is
event as (
    select
        a.series,
        a.period,
        a.period_start,
        a.actual,
        a.expected,
        e.at >= a.from_on as is_inside,
        e.figure,
        p.dimension,
        p.member
    from anomaly as a
    inner join lateral (
        select
            m.created_at as at,
            1::numeric as figure,
            m.team,
            m.rep_name,
            m.product_name,
            m.lead_source
        from mart.deal as m
        where a.series = 'new_deals' and m.created_at >= a.from_on - 56 and m.created_at < a.to_on
        union all
        select
            m.closed_at as at,
            case a.series when 'bookings' then m.reporting_amount else 1 end as figure,
            m.team,
            m.rep_name,
            m.product_name,
            m.lead_source
        from mart.deal as m
        where
            m.closed_at >= a.from_on - 56
            and m.closed_at < a.to_on
            and (
                (a.series in ('bookings', 'won_deals') and m.status = 'won')
                or (a.series = 'lost_deals' and m.status = 'lost')
            )
        union all
        select
            c.occurred_at as at,
            1 as figure,
            r.team,
            r.full_name as rep_name,
            null as product_name,
            null as lead_source
        from core.fct_activity as c
        left join core.dim_rep as r on c.source || ':' || c.owner_key = r.rep_id and r.is_current
        where
            a.series = 'activities'
            and not c.is_deleted
            and c.occurred_at >= a.from_on - 56
            and c.occurred_at < a.to_on
    ) as e on true
    cross join
        lateral (
            values ('team', e.team), ('rep', e.rep_name), ('product', e.product_name), ('source', e.lead_source)
        ) as p (dimension, member)
    where p.member is not null
),

part as (
    select
        series,
        period,
        period_start,
        dimension,
        member,
        coalesce(sum(figure) filter (where is_inside), 0)
        - expected * coalesce(sum(figure) filter (where not is_inside), 0)
        / nullif(sum(sum(figure) filter (where not is_inside)) over (
            partition by series, period, period_start, dimension
        ), 0) as excess,
        actual - expected as deviation
    from event
    group by series, period, period_start, dimension, member, actual, expected
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
