-- figures of the weeks that were over by a day, by series; a week without any is not there
select
    series,
    date_trunc('week', at)::date as week_on,
    sum(figure) as figure
from mart.sales_event
where at < (%(known_to)s::date + 1)::timestamptz
group by series, date_trunc('week', at)::date
order by series, week_on;
