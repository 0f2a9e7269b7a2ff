-- one row per open lead that may still be converted in time: its chance, and why
insert into mart.lead_outlook (
    source, lead_id, customer_id, known_to, method, conversion_probability, stage_rate, reasons, model_run_id
)
select
    o.source,
    o.id as lead_id,
    m.customer_id,
    %(last_day)s::date as known_to,
    %(method)s::text as method,
    round(o.chance::numeric, 4) as conversion_probability,
    round(o.stage_rate::numeric, 4) as stage_rate,
    o.reasons,
    %(model_run_id)s::text as model_run_id
from outlook as o
inner join mart.lead as m on o.source = m.source and o.id = m.lead_id;
