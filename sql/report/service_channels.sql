-- one row per channel: tickets created and solved in the window, reply time, backlog at its end
select
    channel,
    count(*) filter (where is_created) as created_tickets,
    count(*) filter (where is_solved) as solved_tickets,
    count(*) filter (where is_first_replied) as first_replies,
    (percentile_cont(0.5) within group (order by first_reply_minutes))::numeric as reply_median,
    count(*) filter (where is_waiting) as backlog
from ticket_state
where period = 'current'
group by channel
having count(*) filter (where is_created or is_solved or is_first_replied or is_waiting) > 0
order by created_tickets desc, solved_tickets desc, channel collate "C";
