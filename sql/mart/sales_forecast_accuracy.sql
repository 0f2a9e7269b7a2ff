-- one row per forecast whose period is over: how it turned out
delete from mart.sales_forecast_accuracy;

insert into mart.sales_forecast_accuracy (
    series, known_to, period, period_start, periods_ahead, method, expected, actual, error, is_inside_80, is_inside_95
)
with happened as (
    select
        'bookings' as series,
        closed_at as at,
        reporting_amount as figure
    from mart.deal
    where status = 'won' and closed_at is not null
    union all
    select
        'new_deals' as series,
        created_at as at,
        1 as figure
    from mart.deal
    union all
    select
        'activities' as series,
        occurred_at as at,
        1 as figure
    from core.fct_activity
    where not is_deleted and occurred_at is not null
),

actual as (
    select
        h.series,
        p.period,
        p.period_start,
        coalesce(sum(h.figure), 0) as figure
    from happened as h
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
left join actual as a on f.series = a.series and f.period = a.period and f.period_start = a.period_start
where
    (select max(d.day_on) from ops.mart_day as d where d.subject = 'sales')
    >= case
        when f.period = 'week' then f.period_start + 6
        else (f.period_start + interval '1 month')::date - 1
    end;
