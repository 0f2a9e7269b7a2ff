-- one row per message that nobody needs to read any more, cancelled
update ops.outbox as o
set
    state = 'cancelled',
    reason = 'what it reminds of is over'
where
    o.kind = 'reminder'
    and o.state in ('proposed', 'approved')
    and o.outbox_id in (select outbox_id from ops.reminder_notice)
    and not exists (
        select 1 from ops.reminder_notice as i
        inner join ops.reminder as r on i.reminder_id = r.reminder_id
        where i.outbox_id = o.outbox_id and r.closed_at is null
    );
