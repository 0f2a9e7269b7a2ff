-- which parts explain each anomaly: what they had more, or less, than their share of what was expected
-- expectation and event_part are views of the caller's own tables
-- the newest are told anew each day, as long as late facts may change them; others once
update expectation as x
set explained_by = e.explained_by
from explained_before as e
where
    x.series = e.series
    and x.period = e.period
    and x.period_start = e.period_start
    and x.actual = e.actual
    and x.period_start <= (select max(n.period_start) - 92 from expectation as n);

create temp table unexplained on commit drop as
select
    x.series,
    x.period,
    x.period_start,
    x.actual,
    x.expected,
    case x.period when 'day' then x.period_start else x.period_start + 6 end as period_end
from expectation as x
left join explained_before as e
    on x.series = e.series and x.period = e.period and x.period_start = e.period_start and x.actual = e.actual
where
    x.is_anomaly
    and (e.series is null or x.period_start > (select max(n.period_start) - 92 from expectation as n));

create temp table part_day on commit drop as
select
    series,
    at::date as day_on,
    dimension,
    member,
    sum(figure) as figure
from event_part
where
    at >= (select min(u.period_start) - 56 from unexplained as u)
    and series in (select u.series from unexplained as u)
    and member is not null
group by series, at::date, dimension, member;

analyze part_day;

-- the eight weeks before say what the share of each part is
with part as (
    select
        u.series,
        u.period,
        u.period_start,
        u.expected,
        u.actual - u.expected as deviation,
        d.dimension,
        d.member,
        coalesce(sum(d.figure) filter (where d.day_on >= u.period_start), 0) as figure,
        coalesce(
            coalesce(sum(d.figure) filter (where d.day_on < u.period_start), 0)
            / nullif(sum(sum(d.figure) filter (where d.day_on < u.period_start)) over (
                partition by u.series, u.period, u.period_start, d.dimension
            ), 0),
            0
        ) as usual_share
    from unexplained as u
    inner join part_day as d on u.series = d.series and d.day_on between u.period_start - 56 and u.period_end
    group by u.series, u.period, u.period_start, u.actual, u.expected, d.dimension, d.member
),

explaining as (
    select
        series,
        period,
        period_start,
        dimension,
        member,
        usual_share,
        (figure - usual_share * expected) / nullif(deviation, 0) as explained_share
    from part
),

-- a part that has no more of the deviation than it has of all figures explains nothing
ranked as (
    select
        series,
        period,
        period_start,
        dimension || ' ' || member || ' ' || to_char(100 * explained_share, 'FM990') || ' %' as told,
        row_number() over (
            partition by series, period, period_start
            order by explained_share - usual_share desc, dimension asc, member collate "C" asc
        ) as place
    from explaining
    where explained_share >= 0.2 and explained_share - usual_share >= 0.1
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

update expectation as x
set explained_by = n.parts
from named as n
where x.series = n.series and x.period = n.period and x.period_start = n.period_start;

drop table explained_before, unexplained, part_day;
drop view expectation, event_part;
