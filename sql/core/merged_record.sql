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
