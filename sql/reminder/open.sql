-- one row per reminder that begins; most of many are beyond the cap, and not written once more when that is said here
insert into ops.reminder (
    rule, subject_kind, source, subject_id, rep_id, opened_at, opened_stage, opened_amount, seen_at, amount, currency,
    probability, days, limit_days, late_days, about_on, was_amount, value_at_risk, held_why
)
select
    c.rule,
    c.subject_kind,
    c.source,
    c.subject_id,
    c.rep_id,
    %(window_end)s as opened_at,
    c.stage as opened_stage,
    c.amount as opened_amount,
    %(window_end)s as seen_at,
    c.amount,
    c.currency,
    c.probability,
    c.days,
    c.limit_days,
    c.late_days,
    c.about_on,
    c.was_amount,
    c.value_at_risk,
    case when q.to_rep then 'cap' end as held_why
from candidate as c
inner join reminder_rule as q on c.rule = q.rule
on conflict (rule, subject_kind, source, subject_id) where closed_at is null do nothing;
