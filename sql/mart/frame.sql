-- what marts share: the periods that the days lie in, and the last day of the subject that is built
create temp table period on commit drop as
select distinct
    p.period,
    p.period_start,
    p.period_end
from day as d
cross join
    lateral (
        values
        ('day', d.day_on, d.day_on),
        ('week', date_trunc('week', d.day_on)::date, date_trunc('week', d.day_on)::date + 6),
        (
            'month', date_trunc('month', d.day_on)::date,
            (date_trunc('month', d.day_on) + interval '1 month')::date - 1
        ),
        (
            'quarter', date_trunc('quarter', d.day_on)::date,
            (date_trunc('quarter', d.day_on) + interval '3 months')::date - 1
        )
    ) as p (period, period_start, period_end);

create temp table as_of on commit drop as
select
    max(b.day_on) as on_day,
    (max(b.day_on) + 1)::timestamptz as ends_at
from (
    select day_on from day
    union all
    select day_on from ops.mart_day
    where subject = current_setting('crm.subject')
) as b;

analyze period;
analyze as_of;
