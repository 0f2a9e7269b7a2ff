-- one row per day and measure: promises kept and broken on it
select
    (decided_at at time zone %(timezone)s)::date as day_on,
    measure,
    count(*) filter (where state = 'achieved') as achieved,
    count(*) filter (where state = 'breached') as breached
from mart.ticket_sla
where
    source = any(%(sources)s) and decided_at >= %(history_start)s and decided_at < %(window_end)s
    and state in ('achieved', 'breached')
group by day_on, measure
order by day_on, measure;
