-- one row per deal that has stayed in its stage longer than the limit: the rule's own, or mart.sales_stage's
insert into candidate (
    rule, subject_kind, source, subject_id, rep_id, stage, amount, currency, probability, days, limit_days, late_days,
    risk_share
)
with stayed as (
    select
        o.*,
        coalesce(%(fixed_days)s::numeric, s.may_stay_days, %(unlearned_days)s) as limit_days,
        extract(epoch from %(window_end)s::timestamptz - o.entered_at) / 86400 as days
    from open_deal as o
    left join mart.sales_stage as s
        on
            o.source = s.source
            and o.stage_key = s.stage_key
            and (not s.is_learned or s.won_visits >= %(least_visits)s)
    where o.entered_at is not null
)

select
    %(rule_name)s as rule,
    'deal' as subject_kind,
    source,
    deal_id as subject_id,
    rep_id,
    stage_name as stage,
    amount,
    currency,
    probability,
    days,
    limit_days,
    days - limit_days as late_days,
    (days - limit_days) / (days - limit_days + 7) as risk_share
from stayed
where days > limit_days;
