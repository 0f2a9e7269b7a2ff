-- one row per person who works for us and period in which nothing about them changed
create temp table touched_person on commit drop as
select
    source_table,
    source_id
from touched_rep
union
-- an agent is a person of the help desk; other people's keys may be those of reps
select
    t.source_table,
    t.source_id
from touched_customer as t
where exists (
    select 1 from staging.customer as s
    where s.source_table = t.source_table and s.source_id = t.source_id and s.role = 'agent'
);

delete from core.dim_rep as d
using touched_person as t
where d.rep_id = split_part(t.source_table, '__', 1) || ':' || t.source_id;

insert into core.dim_rep (
    rep_id, valid_from, valid_to, is_current, source, full_name, email, team, manager, region, is_active
)
with person as (
    select
        source_table,
        source_id,
        version_at,
        payload_hash,
        full_name,
        email,
        team,
        manager,
        region,
        is_active
    from staging.rep
    union all
    select
        source_table,
        source_id,
        version_at,
        payload_hash,
        full_name,
        email,
        null as team,
        null as manager,
        null as region,
        not is_deleted as is_active
    from staging.customer
    where role = 'agent'
),

version as (
    select distinct on (p.source_table, p.source_id, p.version_at)
        p.source_table,
        p.source_id,
        p.version_at,
        p.full_name,
        lower(trim(p.email)) as email,
        p.team,
        p.manager,
        p.region,
        p.is_active,
        md5((p.full_name, lower(trim(p.email)), p.team, p.manager, p.region, p.is_active)::text) as attributes
    from person as p
    inner join touched_person as t on p.source_table = t.source_table and p.source_id = t.source_id
    order by p.source_table asc, p.source_id asc, p.version_at asc, p.payload_hash desc
),

compared as (
    select
        *,
        lag(attributes) over w as attributes_before
    from version
    window w as (partition by source_table, source_id order by version_at)
)

select
    split_part(source_table, '__', 1) || ':' || source_id as rep_id,
    version_at as valid_from,
    lead(version_at) over w as valid_to,
    lead(version_at) over w is null as is_current,
    split_part(source_table, '__', 1) as source,
    full_name,
    email,
    team,
    manager,
    region,
    is_active
from compared
where attributes is distinct from attributes_before
window w as (partition by source_table, source_id order by version_at);
