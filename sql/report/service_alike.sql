-- one row: tickets created in the period that is like the window, and whether any was known by its start
select
    count(*) filter (where created_at >= %(alike_start)s) as created_tickets,
    count(*) filter (where created_at < %(alike_start)s) > 0 as is_known
from mart.ticket
where source = any(%(sources)s) and created_at < %(alike_end)s;
