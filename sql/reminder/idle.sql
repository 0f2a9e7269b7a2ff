-- one row per subject of a rule that has been quiet for too many working days of its rep
insert into candidate (
    rule, subject_kind, source, subject_id, rep_id, stage, amount, currency, probability, days, limit_days, late_days,
    risk_share, about_on
)
with idle as (
    select
        q.*,
        w.number - coalesce(b.number, 0) as days
    from quiet as q
    inner join working_day as w on q.calendar = w.calendar and q.today = w.day_on
    left join working_day as b on q.calendar = b.calendar and q.last_on = b.day_on
)

select
    %(rule_name)s as rule,
    subject_kind,
    source,
    subject_id,
    rep_id,
    stage,
    amount,
    currency,
    probability,
    days,
    %(working_days)s as limit_days,
    days - %(working_days)s as late_days,
    (days - %(working_days)s) / (days - %(working_days)s + 7.0) as risk_share,
    last_on as about_on
from idle
where days >= %(from_days)s;

drop table quiet;
