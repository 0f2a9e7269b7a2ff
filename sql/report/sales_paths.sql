-- one row per process and team, and one per process: the way of the deals that closed
select
    w.process_name,
    d.team,
    grouping(d.team) = 1 as is_total,
    count(*) as closed_deals,
    count(*) filter (where w.is_standard) as standard_deals,
    count(*) filter (where w.skipped_stages > 0) as skipping_deals,
    count(*) filter (where w.repeated_stages > 0) as repeating_deals,
    count(*) filter (where w.back_moves > 0) as back_deals
from mart.deal as d
inner join mart.deal_path as w on d.source = w.source and d.deal_id = w.deal_id
where
    d.source = any(%(sources)s)
    and d.closed_at >= %(cohort_start)s
    and d.closed_at < %(window_end)s
    and w.process_name is not null
group by grouping sets ((w.process_name), (w.process_name, d.team))
order by w.process_name collate "C" asc, is_total desc, closed_deals desc, d.team collate "C" asc;
