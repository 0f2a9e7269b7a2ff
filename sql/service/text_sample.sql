-- tickets that were made in a window: whose they are and what was written first; as many as asked for, by a hash
select
    coalesce(f.requester_key, '') as customer,
    t.created_at,
    f.subject,
    f.body
from (
    select
        source,
        ticket_id,
        created_at
    from mart.ticket
    where created_at >= %(window_start)s and created_at < %(window_end)s
    order by md5(source || ':' || ticket_id)
    limit %(sample)s
) as t
inner join core.ticket_text as f on t.source = f.source and t.ticket_id = f.ticket_id
order by md5(f.source || ':' || f.ticket_id);
