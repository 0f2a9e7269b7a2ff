-- one row per group: tickets that are not at an end, by how urgent they are
select
    coalesce(t.group_name, t.group_key, 'no group') as group_name,
    count(*) as tickets,
    count(*) filter (where t.priority in ('urgent', 'high')) as pressing,
    count(*) filter (where t.assignee_id is null) as unassigned,
    count(*) filter (where coalesce(s.is_requester_wait, true)) as waiting_for_us,
    min(t.created_at) as oldest_at
from mart.ticket as t
left join core.dim_ticket_status as s on t.status = s.status
where not coalesce(s.is_end, false)
group by coalesce(t.group_name, t.group_key, 'no group')
order by tickets desc, group_name asc;
