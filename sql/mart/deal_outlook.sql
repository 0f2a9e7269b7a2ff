-- one row per open deal: its chance to be won, and why
insert into mart.deal_outlook (
    source, deal_id, known_to, method, win_probability, stage_rate, reasons, likely_close_month, expected_amount,
    model_run_id
)
select
    o.source,
    o.deal_id,
    %(last_day)s as known_to,
    %(method)s as method,
    round(o.win_probability::numeric, 4) as win_probability,
    round(o.stage_rate::numeric, 4) as stage_rate,
    o.reasons,
    l.month as likely_close_month,
    round(m.reporting_amount * o.win_probability::numeric, 2) as expected_amount,
    %(model_run_id)s as model_run_id
from outlook as o
inner join mart.deal as m on o.source = m.source and o.deal_id = m.deal_id
left join likely_month as l
    on least(floor(extract(epoch from (%(last_day)s::date + 1)::timestamptz - m.created_at) / 604800), 104) = l.age_weeks;
