-- one row per open reminder that still applies, brought up to date
update ops.reminder as r
set
    seen_at = %(window_end)s,
    rep_id = c.rep_id,
    amount = c.amount,
    currency = c.currency,
    probability = c.probability,
    days = c.days,
    limit_days = c.limit_days,
    late_days = c.late_days,
    about_on = c.about_on,
    was_amount = c.was_amount,
    value_at_risk = c.value_at_risk
from candidate as c
where
    r.closed_at is null
    and r.rule = c.rule
    and r.subject_kind = c.subject_kind
    and r.source = c.source
    and r.subject_id = c.subject_id;
