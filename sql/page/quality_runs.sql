-- one row per suite and run of it, the latest so many of each, the latest first: how many of its rules were met
with named as (
    select n.suite
    from unnest(%(suites)s::text[]) as n (suite)
),

run as (
    select v.*
    from named as s
    cross join lateral (
        select
            l.suite,
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
)

select
    v.suite,
    v.validation_id,
    v.load_id,
    v.is_success,
    v.evaluated,
    v.validated_at,
    count(o.rule) as rules,
    count(o.rule) filter (where o.is_success) as met,
    coalesce(sum(o.unexpected), 0)::bigint as broken,
    coalesce(array_agg(o.rule order by o.rule) filter (where not o.is_success), '{}') as broken_rules
from run as v
left join ops.validation_rule as o on v.validation_id = o.validation_id
group by v.suite, v.validation_id, v.load_id, v.is_success, v.evaluated, v.validated_at
order by v.suite asc, v.validation_id desc;
