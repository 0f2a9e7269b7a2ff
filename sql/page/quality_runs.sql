-- one row per suite and run of it, the latest so many of each, the latest first: how many of its rules were met
select
    s.suite,
    v.validation_id,
    v.load_id,
    v.is_success,
    v.evaluated,
    v.validated_at,
    r.rules,
    r.met,
    r.broken,
    r.broken_rules
from unnest(%(suites)s::text[]) as s (suite)
cross join
    lateral (
        select
            l.validation_id,
            l.load_id,
            l.is_success,
            l.evaluated,
            l.validated_at
        from ops.validation as l
        where l.suite = s.suite
        order by l.validation_id desc
        limit %(most)s
    ) as v
cross join
    lateral (
        select
            count(*) as rules,
            count(*) filter (where o.is_success) as met,
            coalesce(sum(o.unexpected), 0)::bigint as broken,
            coalesce(array_agg(o.rule order by o.rule) filter (where not o.is_success), '{}') as broken_rules
        from ops.validation_rule as o
        where o.validation_id = v.validation_id
    ) as r
order by s.suite asc, v.validation_id desc;
