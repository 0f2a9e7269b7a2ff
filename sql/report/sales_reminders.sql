-- one row per rule: reminders that began, were proposed, sent or closed in the window, and were open at its end;
-- what the rules find at the end of its last day began in it
select
    rule,
    count(*) filter (where opened_at > %(window_start)s) as began,
    count(*) filter (where proposed_at >= %(window_start)s and proposed_at < %(window_end)s) as proposed,
    count(*) filter (where sent_at >= %(window_start)s and sent_at < %(window_end)s) as sent,
    count(*) filter (where closed_at > %(window_start)s and closed_at <= %(window_end)s) as closed,
    count(*) filter (where is_uncertain) as doubtful,
    count(*) filter (where closed_at is null or closed_at > %(window_end)s) as still_open
from mart.reminder
where source = any(%(sources)s) and opened_at <= %(window_end)s and (closed_at is null or closed_at > %(window_start)s)
group by rule
order by rule;
