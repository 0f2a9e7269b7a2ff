-- one row per period and measure: promises kept and broken in it
select
    p.period,
    s.measure,
    count(*) filter (where s.state = 'achieved') as achieved,
    count(*) filter (where s.state = 'breached') as breached
from (
    values
    ('current', %(window_start)s::timestamptz, %(window_end)s::timestamptz),
    ('previous', %(previous_start)s::timestamptz, %(window_start)s::timestamptz)
) as p (period, starts_at, ends_at)
inner join mart.ticket_sla as s on p.starts_at <= s.decided_at and p.ends_at > s.decided_at
where s.source = any(%(sources)s)
group by p.period, s.measure
order by p.period, s.measure;
