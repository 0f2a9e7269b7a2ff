-- one row per way that tickets solved in the 90 days up to the window's last day went, the commonest first
select
    way,
    tickets,
    median_first_reply_minutes::numeric as reply_minutes,
    median_full_resolution_minutes::numeric as resolution_minutes,
    median_full_resolution_business_minutes::numeric as resolution_business_minutes,
    median_agent_work_business_minutes::numeric as work_business_minutes,
    mean_replies,
    mean_handoffs,
    reopen_rate,
    csat,
    good_ratings + bad_ratings as ratings
from mart.service_way
where known_to = (%(window_end)s at time zone %(timezone)s)::date - 1
order by tickets desc, way asc;
