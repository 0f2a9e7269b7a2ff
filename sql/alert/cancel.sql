-- messages of before that nobody has decided upon and that say nothing any more
update ops.outbox
set
    state = 'cancelled',
    reason = 'nothing of it is left'
where
    kind = 'alert'
    and state in ('proposed', 'approved')
    and decided_by is null
    and attempts = 0
    and not_after > %(now)s
    and not outbox_id = any(%(written)s);
