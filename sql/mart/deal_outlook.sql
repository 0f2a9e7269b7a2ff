-- one row per open deal: its chance to be won, and why; and in what it is unlike its peers
insert into mart.deal_outlook (
    source, deal_id, known_to, method, win_probability, stage_rate, reasons, likely_close_month, expected_amount,
    unlike_peers, model_run_id
)
with run as (
    select
        %(last_day)s::date as known_to,
        %(method)s::text as method,
        %(model_run_id)s::text as model_run_id
),

stay as (
    select
        source,
        stage_name,
        min(may_stay_days) as days
    from mart.sales_stage
    group by source, stage_name
),

usual_amount as (
    select
        product_name,
        percentile_cont(0.5) within group (order by reporting_amount) as amount
    from mart.deal
    where reporting_amount > 0 and created_at < (%(last_day)s::date + 1)::timestamptz
    group by product_name
    having count(*) >= 20
)

select
    o.source,
    o.id as deal_id,
    r.known_to,
    r.method,
    round(o.chance::numeric, 4) as win_probability,
    round(o.stage_rate::numeric, 4) as stage_rate,
    o.reasons,
    l.month as likely_close_month,
    round(m.reporting_amount * o.chance::numeric, 2) as expected_amount,
    array_remove(
        array[
            case
                when o.days_in_stage > s.days
                    then format(
                        '%%s days in %%s: longer than the allowed stay of %%s days',
                        round(o.days_in_stage::numeric, 2), o.stage_name, round(s.days, 2)
                    )
            end,
            case
                when m.reporting_amount not between a.amount / 10 and a.amount * 10
                    then format(
                        'amount %%s times the usual one of its product',
                        round(m.reporting_amount / a.amount::numeric, 1)
                    )
            end
        ], null
    ) as unlike_peers,
    r.model_run_id
from outlook as o
cross join run as r
inner join mart.deal as m on o.source = m.source and o.id = m.deal_id
left join stay as s on o.source = s.source and o.stage_name = s.stage_name
left join usual_amount as a on m.product_name = a.product_name
left join likely_month as l
    on
        l.age_weeks
        = least(floor(extract(epoch from (%(last_day)s::date + 1)::timestamptz - m.created_at) / 604800), 104);
