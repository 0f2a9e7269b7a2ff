-- one row per open lead with a chance as of the window's last day, the likeliest first
select
    c.full_name,
    m.lead_id,
    m.rep_name,
    m.stage_name,
    m.lead_source,
    (m.created_at at time zone %(timezone)s)::date as created_on,
    o.conversion_probability,
    o.stage_rate,
    o.reasons,
    o.method,
    r.scores ->> 'reason' as reason,
    (r.scores ->> 'brier')::numeric as brier,
    (r.scores ->> 'brier_stage_rate')::numeric as brier_stage_rate,
    (r.scores ->> 'calibration_error')::numeric as calibration_error,
    (r.scores ->> 'later_leads')::integer as later_leads,
    count(*) over () as open_leads,
    sum(o.conversion_probability) over () as expected_conversions
from mart.lead_outlook as o
inner join mart.lead as m on o.source = m.source and o.lead_id = m.lead_id
left join core.dim_customer as c on o.customer_id = c.customer_id and c.is_current
left join ops.model_run as r on o.model_run_id = r.model_run_id
where
    o.source = any(%(sources)s)
    and o.known_to = (%(window_end)s at time zone %(timezone)s)::date - 1
order by o.conversion_probability desc, m.source collate "C", m.lead_id collate "C"
limit 12;
