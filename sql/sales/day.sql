-- what happened on each day until the end of one, by series; a day without any is not there
select
    series,
    at::date as day_on,
    sum(figure) as figure
from mart.sales_event
where at < (%(last_day)s::date + 1)::timestamptz
group by series, at::date
order by series, day_on;
