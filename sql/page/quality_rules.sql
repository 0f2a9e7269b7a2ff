-- one row per rule of a suite and run of it, in the latest so many runs, the latest first
select
    r.rule,
    r.column_name,
    r.severity,
    r.level,
    r.is_success,
    r.evaluated,
    r.unexpected,
    r.observed,
    v.validation_id
from (
    select l.validation_id
    from ops.validation as l
    where l.suite = %(suite)s
    order by l.validation_id desc
    limit %(most)s
) as v
inner join ops.validation_rule as r on v.validation_id = r.validation_id
order by r.severity asc, r.rule asc, v.validation_id desc;
