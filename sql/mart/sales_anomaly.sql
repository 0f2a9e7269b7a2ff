-- which parts of the sales explain each anomaly: what they had more, or less, than their share of what was expected
update mart.sales_expectation as x
set explained_by = e.explained_by
from explained_before as e
where x.series = e.series and x.period = e.period and x.period_start = e.period_start and x.actual = e.actual;

-- the newest are told anew each day, as long as late facts may change them
create temp table unexplained on commit drop as
select
    series,
    period,
    period_start,
    actual,
    expected,
    case period when 'day' then period_start else period_start + 6 end as period_end
from mart.sales_expectation
where
    is_anomaly
    and (
        period_start > (select max(n.period_start) - 92 from mart.sales_expectation as n)
        -- one that nothing explains is looked at once, like the others
        or (series, period, period_start, actual) not in (
            select
                b.series,
                b.period,
                b.period_start,
                b.actual
            from explained_before as b
        )
    );

create temp table part_day on commit drop as
select
    e.series,
    e.at::date as day_on,
    p.dimension,
    p.member,
    sum(e.figure) as figure
from mart.sales_event as e
cross join
    lateral (
        values ('team', e.team), ('rep', e.rep_name), ('product', e.product_name), ('source', e.lead_source)
    ) as p (dimension, member)
where
    e.at >= (select min(u.period_start) - 56 from unexplained as u)
    and e.series in (select u.series from unexplained as u)
    and p.member is not null
group by e.series, e.at::date, p.dimension, p.member;

analyze part_day;

-- the eight weeks before say what the share of each part is
with part as (
    select
        u.series,
        u.period,
        u.period_start,
        u.actual - u.expected as deviation,
        d.dimension,
        d.member,
        coalesce(sum(d.figure) filter (where d.day_on >= u.period_start), 0)
        - u.expected * coalesce(sum(d.figure) filter (where d.day_on < u.period_start), 0)
        / nullif(sum(sum(d.figure) filter (where d.day_on < u.period_start)) over (
            partition by u.series, u.period, u.period_start, d.dimension
        ), 0) as excess
    from unexplained as u
    inner join part_day as d on u.series = d.series and d.day_on between u.period_start - 56 and u.period_end
    group by u.series, u.period, u.period_start, u.actual, u.expected, d.dimension, d.member
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
),

named as (
    select
        series,
        period,
        period_start,
        array_agg(told order by place) as parts
    from ranked
    where place <= 3
    group by series, period, period_start
)

update mart.sales_expectation as x
set explained_by = n.parts
from named as n
where x.series = n.series and x.period = n.period and x.period_start = n.period_start;

drop table explained_before, unexplained, part_day;
