-- one row per agent: tickets solved and first replied in the window, ratings, tickets waiting at its end
with worked as (
    select
        s.assignee_id,
        s.assignee_name,
        s.is_solved,
        s.is_first_replied,
        s.first_reply_minutes,
        s.is_waiting,
        r.score
    from ticket_state as s
    left join rating as r on s.period = r.period and s.source = r.source and s.ticket_id = r.ticket_id
    where s.period = 'current'
)

select
    assignee_id,
    min(assignee_name) as assignee_name,
    count(*) filter (where is_solved) as solved_tickets,
    count(*) filter (where is_first_replied) as first_replies,
    (percentile_cont(0.5) within group (order by first_reply_minutes))::numeric as reply_median,
    count(*) filter (where score = 'good') as good_ratings,
    count(*) filter (where score = 'bad') as bad_ratings,
    count(*) filter (where is_waiting) as backlog
from worked
group by assignee_id
having count(*) filter (where is_solved or is_first_replied or is_waiting or score is not null) > 0
order by solved_tickets desc, first_replies desc, min(assignee_name) collate "C", assignee_id collate "C";
