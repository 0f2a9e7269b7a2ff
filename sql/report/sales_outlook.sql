-- one row per open deal with a chance as of the window's last day, those that bring in most first
select
    m.deal_name,
    m.deal_id,
    m.rep_name,
    m.stage_name,
    m.reporting_amount,
    m.reporting_currency,
    o.win_probability,
    o.stage_rate,
    o.reasons,
    o.unlike_peers,
    o.likely_close_month,
    o.expected_amount,
    o.method,
    r.scores ->> 'reason' as reason,
    (r.scores ->> 'brier')::numeric as brier,
    (r.scores ->> 'brier_stage_rate')::numeric as brier_stage_rate,
    (r.scores ->> 'calibration_error')::numeric as calibration_error,
    (r.scores ->> 'later_deals')::integer as later_deals,
    count(*) over () as open_deals,
    sum(o.expected_amount) over () as expected_total,
    count(*) filter (where cardinality(o.unlike_peers) > 0) over () as unlike_deals
from mart.deal_outlook as o
inner join mart.deal as m on o.source = m.source and o.deal_id = m.deal_id
left join ops.model_run as r on o.model_run_id = r.model_run_id
where
    o.source = any(%(sources)s)
    and o.known_to = (%(window_end)s at time zone %(timezone)s)::date - 1
order by o.expected_amount desc nulls last, m.source collate "C", m.deal_id collate "C"
limit 12;
