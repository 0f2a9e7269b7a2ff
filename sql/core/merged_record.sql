-- one row per touched record that its source has merged into another, and when: what the next statements read
create temp table merged_customer on commit drop as
select
    t.source_table,
    t.source_id,
    min(s.version_at) as merged_at
from staging.customer as s
cross join lateral unnest(s.merged_keys) as m (merged_key)
inner join touched_customer as t on s.source_table = t.source_table and m.merged_key = t.source_id
where s.merged_keys is not null and m.merged_key <> s.source_id
group by t.source_table, t.source_id;

create temp table merged_company on commit drop as
select
    t.source_table,
    t.source_id,
    min(s.version_at) as merged_at
from staging.company as s
cross join lateral unnest(s.merged_keys) as m (merged_key)
inner join touched_company as t on s.source_table = t.source_table and m.merged_key = t.source_id
where s.merged_keys is not null and m.merged_key <> s.source_id
group by t.source_table, t.source_id;

create temp table merged_deal on commit drop as
select
    t.source_table,
    t.source_id,
    min(s.version_at) as merged_at
from staging.deal as s
cross join lateral unnest(s.merged_keys) as m (merged_key)
inner join touched_deal as t on s.source_table = t.source_table and m.merged_key = t.source_id
where s.merged_keys is not null and m.merged_key <> s.source_id
group by t.source_table, t.source_id;

-- what a source has merged is one, unless a person has said otherwise
insert into core.identity_decision (kind, record_a, record_b, is_same, reason, decided_by)
select distinct
    m.kind,
    least(m.source || ':' || m.kept collate "C", m.source || ':' || m.gone collate "C") as record_a,
    greatest(m.source || ':' || m.kept collate "C", m.source || ':' || m.gone collate "C") as record_b,
    true as is_same,
    'merged in the source' as reason,
    m.source as decided_by
from (
    select
        'person' as kind,
        split_part(s.source_table, '__', 1) as source,
        s.source_id as kept,
        k.merged_key as gone
    from staging.customer as s
    cross join lateral unnest(s.merged_keys) as k (merged_key)
    inner join touched_customer as t on s.source_table = t.source_table and k.merged_key = t.source_id
    where s.merged_keys is not null
    union
    select
        'organisation' as kind,
        split_part(s.source_table, '__', 1) as source,
        s.source_id as kept,
        k.merged_key as gone
    from staging.company as s
    cross join lateral unnest(s.merged_keys) as k (merged_key)
    inner join touched_company as t on s.source_table = t.source_table and k.merged_key = t.source_id
    where s.merged_keys is not null
) as m
where
    m.kept <> m.gone
    and not exists (
        select 1 from core.identity_decision as d
        where
            d.kind = m.kind
            and d.record_a = least(m.source || ':' || m.kept collate "C", m.source || ':' || m.gone collate "C")
            and d.record_b = greatest(m.source || ':' || m.kept collate "C", m.source || ':' || m.gone collate "C")
    );
