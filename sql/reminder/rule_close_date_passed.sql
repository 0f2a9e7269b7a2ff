-- one row per deal whose close date has passed
insert into candidate (
    rule, subject_kind, source, subject_id, rep_id, stage, amount, currency, probability, days, limit_days, late_days,
    risk_share, about_on
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
    today - expected_close_on as days,
    %(days)s as limit_days,
    today - expected_close_on - %(days)s as late_days,
    (today - expected_close_on - %(days)s) / (today - expected_close_on - %(days)s + 7.0) as risk_share,
    expected_close_on as about_on
from open_deal
where today - expected_close_on > %(days)s;
