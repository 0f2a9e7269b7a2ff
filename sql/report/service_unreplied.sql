-- one row per ticket waiting without a first reply at the window's end, the ten oldest
select
    source,
    ticket_id,
    subject,
    company_name,
    priority,
    assignee_name,
    age_days,
    (created_at at time zone %(timezone)s)::date as created_on
from ticket_state
where period = 'current' and is_waiting and not has_reply
order by created_at, source collate "C", ticket_id collate "C"
limit 10;
