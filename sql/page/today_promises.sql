-- one row per promise whose clock runs, the one that is broken next first
select
    s.source,
    s.ticket_id,
    s.measure,
    s.breach_at,
    s.target_minutes,
    t.subject,
    t.priority,
    t.group_name,
    t.assignee_name,
    t.customer_id
from mart.ticket_sla as s
inner join mart.ticket as t on s.source = t.source and s.ticket_id = t.ticket_id
where s.state = 'active' and s.breach_at is not null
order by s.breach_at asc, s.source asc, s.ticket_id asc, s.measure asc, s.instance_no asc
limit %(most)s;
