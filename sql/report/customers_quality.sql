-- one row per day of the pictures, source, kind of record and field: how good its values were at the day's end
select
    day_on,
    source,
    kind,
    field,
    records,
    filled,
    valid,
    distinct_values,
    changed,
    completeness
from mart.data_quality_daily
where
    source = any(%(sources)s)
    and day_on >= %(history_first_day)s::date
    and day_on <= %(last_day)s::date
order by kind desc, source asc, field asc, day_on asc;
