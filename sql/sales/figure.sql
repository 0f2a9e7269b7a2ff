-- the figure of a series from one day to another, both included
select sum(figure) as figure
from mart.sales_event
where
    series = %(series)s
    and at >= %(first)s::date::timestamptz
    and at < (%(last)s::date + 1)::timestamptz;
