-- one row per canonical id and period in which nothing about it changed, by the rule of each field
create temp table golden_period on commit drop as
with version as (
    select distinct on (v.record_id, v.version_at)
        m.canonical_id,
        v.record_id,
        v.source,
        v.version_at,
        v.is_deleted,
        v.fields || jsonb_build_object('is_deleted', v.is_deleted::text) as fields
    from golden_member as m
    inner join core.clean_version as v on v.kind = %(kind)s and m.record_id = v.record_id
    order by v.record_id asc, v.version_at asc, v.payload_hash desc
),

told as (
    select
        v.canonical_id,
        v.record_id,
        v.source,
        v.version_at,
        v.is_deleted,
        r.field,
        v.fields ->> r.field as value,
        lag(v.fields ->> r.field) over w as value_before,
        lag(v.is_deleted) over w as was_deleted,
        row_number() over w as version_no
    from version as v
    cross join golden_rule as r
    window w as (partition by v.record_id, r.field order by v.version_at)
),

-- a record's word on a field, from when to when
word as (
    select
        t.canonical_id,
        t.record_id,
        t.field,
        t.value,
        t.is_deleted,
        t.version_at as since,
        lead(t.version_at) over (partition by t.record_id, t.field order by t.version_at) as until,
        r.rule,
        r.is_left,
        coalesce(k.place, 1000000) as place
    from told as t
    inner join golden_rule as r on t.field = r.field
    left join source_trust as k on t.source = k.source
    where
        t.version_no = 1 or t.value is distinct from t.value_before or t.is_deleted is distinct from t.was_deleted
),

first_place as (
    select
        canonical_id,
        min(place) as place
    from word
    group by canonical_id
),

instant as (
    select distinct
        canonical_id,
        field,
        since as at
    from word
),

-- where a field is left as the most trusted source has it, no other source may fill it
candidate as (
    select
        i.canonical_id,
        i.field,
        i.at,
        w.record_id,
        w.value,
        w.is_deleted,
        w.since,
        w.rule,
        w.place,
        count(*) over (partition by i.canonical_id, i.field, i.at, w.value) as holders
    from instant as i
    inner join word as w
        on
            i.canonical_id = w.canonical_id and i.field = w.field and i.at >= w.since
            and (w.until is null or i.at < w.until)
    inner join first_place as f on i.canonical_id = f.canonical_id
    where w.value is not null and (not w.is_left or w.place = f.place)
),

winner as (
    select distinct on (i.canonical_id, i.field, i.at)
        i.canonical_id,
        i.field,
        i.at,
        c.value,
        c.record_id
    from instant as i
    left join candidate as c on i.canonical_id = c.canonical_id and i.field = c.field and i.at = c.at
    order by
        i.canonical_id asc,
        i.field asc,
        i.at asc,
        case when i.field = 'is_deleted' then c.value end asc,
        c.is_deleted asc,
        case c.rule
            when 'trusted' then c.place
            when 'frequent' then -c.holders
            when 'complete' then -length(c.value)
        end asc,
        c.since desc,
        c.place asc,
        c.record_id collate "C" asc
),

compared as (
    select
        *,
        lag(value) over w as value_before,
        row_number() over w as winner_no
    from winner
    window w as (partition by canonical_id, field order by at)
),

reign as (
    select
        canonical_id,
        field,
        at as since,
        lead(at) over (partition by canonical_id, field order by at) as until,
        value,
        record_id
    from compared
    where winner_no = 1 or value is distinct from value_before
),

turn as (
    select distinct
        canonical_id,
        since as at
    from reign
)

select
    t.canonical_id,
    t.at,
    coalesce(jsonb_object_agg(r.field, r.value) filter (where r.value is not null), '{}') as fields,
    coalesce(
        jsonb_object_agg(r.field, r.record_id) filter (where r.value is not null and r.field <> 'is_deleted'), '{}'
    ) as given_by
from turn as t
inner join reign as r
    on t.canonical_id = r.canonical_id and t.at >= r.since and (r.until is null or t.at < r.until)
group by t.canonical_id, t.at;
