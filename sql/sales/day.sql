-- what happened on each day until the end of one, by series; a day without any is not there
select
    series,
    day_on,
    figure
from (
    select
        'new_deals' as series,
        created_at::date as day_on,
        count(*) as figure
    from mart.deal
    where created_at < (%(last_day)s::date + 1)::timestamptz
    group by 2
    union all
    select
        status || '_deals' as series,
        closed_at::date as day_on,
        count(*) as figure
    from mart.deal
    where status <> 'open' and closed_at < (%(last_day)s::date + 1)::timestamptz
    group by 1, 2
    union all
    select
        'bookings' as series,
        closed_at::date as day_on,
        sum(reporting_amount) as figure
    from mart.deal
    where status = 'won' and closed_at < (%(last_day)s::date + 1)::timestamptz
    group by 2
    union all
    select
        'activities' as series,
        occurred_at::date as day_on,
        count(*) as figure
    from core.fct_activity
    where not is_deleted and occurred_at < (%(last_day)s::date + 1)::timestamptz
    group by 2
) as d
where figure is not null
order by series, day_on;
