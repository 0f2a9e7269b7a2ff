-- figures of the weeks that were over by a day, by series; a week without any is not there
select
    series,
    week_on,
    figure
from (
    select
        'bookings' as series,
        date_trunc('week', closed_at)::date as week_on,
        sum(reporting_amount) as figure
    from mart.deal
    where status = 'won' and closed_at < (%(known_to)s::date + 1)::timestamptz
    group by 2
    union all
    select
        'new_deals' as series,
        date_trunc('week', created_at)::date as week_on,
        count(*) as figure
    from mart.deal
    where created_at < (%(known_to)s::date + 1)::timestamptz
    group by 2
    union all
    select
        'activities' as series,
        date_trunc('week', occurred_at)::date as week_on,
        count(*) as figure
    from core.fct_activity
    where not is_deleted and occurred_at < (%(known_to)s::date + 1)::timestamptz
    group by 2
) as w
where figure is not null
order by series, week_on;
