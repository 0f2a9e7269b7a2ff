-- one row per forecast whose period is over: how it turned out
delete from mart.sales_forecast_accuracy;

insert into mart.sales_forecast_accuracy (
    series, known_to, period, period_start, periods_ahead, method, expected, actual, error, is_inside_80, is_inside_95
)
with built as (
    select max(day_on) as last_on from ops.mart_day
    where subject = 'sales'
),

actual as (
    select
        h.series,
        p.period,
        p.period_start,
        coalesce(sum(h.figure), 0) as figure
    from mart.sales_event as h
    cross join
        lateral (
            values ('week', date_trunc('week', h.at)::date), ('month', date_trunc('month', h.at)::date)
        ) as p (period, period_start)
    where h.at >= (select min(f.period_start) from mart.sales_forecast as f)
    group by h.series, p.period, p.period_start
)

select
    f.series,
    f.known_to,
    f.period,
    f.period_start,
    f.periods_ahead,
    f.method,
    f.expected,
    coalesce(a.figure, 0) as actual,
    f.expected - coalesce(a.figure, 0) as error,
    coalesce(a.figure, 0) between f.low_80 and f.high_80 as is_inside_80,
    coalesce(a.figure, 0) between f.low_95 and f.high_95 as is_inside_95
from mart.sales_forecast as f
cross join built as b
left join actual as a on f.series = a.series and f.period = a.period and f.period_start = a.period_start
where
    b.last_on >= case
        when f.period = 'week' then f.period_start + 6
        else (f.period_start + interval '1 month')::date - 1
    end;
