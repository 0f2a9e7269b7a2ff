-- one row per ticket of a customer, the newest first
select
    source,
    ticket_id,
    subject,
    status,
    priority,
    channel,
    assignee_name,
    created_at,
    last_solved_at,
    satisfaction
from mart.ticket
where customer_id = %(customer_id)s
order by created_at desc, source asc, ticket_id asc
limit %(most)s;
