-- one row per day, source, kind of record and field that the source had filled by then: its values at the day's end
delete from mart.data_quality_daily as m
using day as d
where m.day_on = d.day_on;

insert into mart.data_quality_daily (
    day_on, source, kind, field, records, filled, valid, distinct_values, changed, completeness
)
-- a record as each day on which it had a version left it
with state as (
    select distinct on (kind, record_id, version_at::date)
        kind,
        record_id,
        source,
        version_at::date as day_on,
        not is_deleted and not is_staff as is_there,
        case when is_deleted or is_staff then '{}' else given end as given,
        fields,
        codes
    from core.clean_version
    where version_at < (select max(ends_at) from day)
    order by kind asc, record_id asc, version_at::date asc, version_at desc, payload_hash desc
),

compared as (
    select
        *,
        coalesce(lag(is_there) over w, false) as was_there,
        lag(given, 1, '{}') over w as given_before,
        lag(fields) over w as fields_before,
        lag(codes) over w as codes_before
    from state
    window w as (partition by kind, record_id order by day_on)
),

-- a field of a record that is not as it was: its value, clean where cleaning found it usable
moved as (
    select
        c.kind,
        c.source,
        c.day_on,
        c.is_there and c.was_there as is_change,
        e.*
    from compared as c
    cross join
        lateral (
            select
                coalesce(n.key, b.key) as field,
                n.key is not null as is_filled,
                b.key is not null as was_filled,
                n.key is not null and coalesce(c.codes ->> n.key, '') not like 'invalid%' as is_valid,
                b.key is not null and coalesce(c.codes_before ->> b.key, '') not like 'invalid%' as was_valid,
                coalesce(c.fields ->> n.key, n.value) as value,
                coalesce(c.fields_before ->> b.key, b.value) as value_before
            from (
                select
                    key,
                    value
                from jsonb_each_text(c.given)
                where coalesce(c.codes ->> key, '') <> 'empty' and btrim(value) <> ''
            ) as n
            full join (
                select
                    key,
                    value
                from jsonb_each_text(c.given_before)
                where coalesce(c.codes_before ->> key, '') <> 'empty' and btrim(value) <> ''
            ) as b on n.key = b.key
        ) as e
    where (e.is_filled, e.is_valid, e.value) is distinct from (e.was_filled, e.was_valid, e.value_before)
),

-- how many records more than the day before hold a value; whether it is new, or gone, tells how many there are
held as (
    select
        kind,
        source,
        field,
        value,
        day_on,
        sum(sum(holders)) over w as holders,
        sum(sum(holders)) over w - sum(holders) as holders_before
    from (
        select
            kind,
            source,
            field,
            value,
            day_on,
            1 as holders
        from moved
        where is_valid
        union all
        select
            kind,
            source,
            field,
            value_before as value,
            day_on,
            -1 as holders
        from moved
        where was_valid
    ) as h
    group by kind, source, field, value, day_on
    window w as (partition by kind, source, field, value order by day_on)
),

-- what each day brought, and nothing for the days that are asked for
brought as (
    select
        kind,
        source,
        field,
        day_on,
        is_filled::integer - was_filled::integer as filled,
        is_valid::integer - was_valid::integer as valid,
        0 as distinct_values,
        is_change::integer as changed
    from moved
    union all
    select
        kind,
        source,
        field,
        day_on,
        0 as filled,
        0 as valid,
        (holders > 0)::integer - (holders_before > 0)::integer as distinct_values,
        0 as changed
    from held
    where (holders > 0) <> (holders_before > 0)
    union all
    select
        f.kind,
        f.source,
        f.field,
        d.day_on,
        0 as filled,
        0 as valid,
        0 as distinct_values,
        0 as changed
    from (
        select
            kind,
            source,
            field,
            min(day_on) as first_on
        from moved
        group by kind, source, field
    ) as f
    inner join day as d on f.first_on <= d.day_on
),

-- materialized, both: what comes sorted by kind and source is else merged by these two, without the day
standing as materialized (
    select
        kind,
        source,
        field,
        day_on,
        sum(sum(filled)) over w as filled,
        sum(sum(valid)) over w as valid,
        sum(sum(distinct_values)) over w as distinct_values,
        sum(changed) as changed
    from brought
    group by kind, source, field, day_on
    window w as (partition by kind, source, field order by day_on)
),

counted as materialized (
    select
        kind,
        source,
        day_on,
        sum(sum(records)) over (partition by kind, source order by day_on) as records
    from (
        select
            kind,
            source,
            day_on,
            is_there::integer - was_there::integer as records
        from compared
        union all
        select
            s.kind,
            s.source,
            d.day_on,
            0 as records
        from (
            select distinct
                kind,
                source
            from state
        ) as s
        cross join day as d
    ) as r
    group by kind, source, day_on
)

select
    d.day_on,
    s.source,
    s.kind,
    s.field,
    c.records,
    s.filled,
    s.valid,
    s.distinct_values,
    s.changed,
    s.valid::numeric / c.records as completeness
from standing as s
inner join day as d on s.day_on = d.day_on
inner join counted as c on s.kind = c.kind and s.source = c.source and s.day_on = c.day_on
where c.records > 0;
