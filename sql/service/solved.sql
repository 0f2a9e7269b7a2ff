-- tickets that were solved in a window, and how they went, in the order of a hash; no more than asked for
select
    source || ':' || ticket_id as key,
    source,
    ticket_id,
    coalesce(first_reply_business_minutes, full_resolution_business_minutes)::double precision as reply_minutes,
    full_resolution_business_minutes::double precision as open_minutes,
    full_resolution_minutes::double precision as calendar_minutes,
    coalesce(agent_wait_minutes, 0)::double precision as customer_minutes,
    coalesce(on_hold_minutes, 0)::double precision as hold_minutes,
    public_replies::double precision as replies,
    (assignee_handoffs + group_handoffs)::double precision as handoffs,
    reopens::double precision as reopens
from mart.ticket
where
    last_solved_at >= %(first_day)s::date::timestamptz
    and last_solved_at < (%(last_day)s::date + 1)::timestamptz
    and flaws = '{}'
    and full_resolution_minutes >= 0
    and full_resolution_business_minutes >= 0
    and coalesce(first_reply_business_minutes, 0) >= 0
order by md5(source || ':' || ticket_id)
limit %(most)s;
