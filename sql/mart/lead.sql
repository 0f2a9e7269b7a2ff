-- one row per lead that the source still has
delete from mart.lead;

insert into mart.lead (
    source, lead_id, customer_id, status, stage_name, lead_source, rep_id, rep_name, team, created_at, closed_at,
    decided_at
)
with told as (
    select
        d.source,
        d.lead_id,
        d.status,
        coalesce(d.stage_name, 'unknown') as stage_name,
        d.lead_source,
        d.owner_key,
        coalesce(d.created_at, d.first_seen_at) as created_at,
        d.closed_at
    from core.fct_lead as d
    where not d.is_deleted
),

closed as (
    select
        *,
        -- of a conversion a source may tell the day only, and that begins before the lead
        case when status <> 'open' then greatest(closed_at, created_at) end as ended_at,
        created_at + interval '180 days' as latest_at
    from told
)

select
    d.source,
    d.lead_id,
    k.customer_id,
    d.status,
    d.stage_name,
    d.lead_source,
    r.rep_id,
    r.full_name as rep_name,
    r.team,
    d.created_at,
    d.ended_at as closed_at,
    least(d.ended_at, d.latest_at) as decided_at
from closed as d
inner join core.customer_link as k on d.source = k.source and d.lead_id = k.record_key
left join core.dim_rep as r on d.source || ':' || d.owner_key = r.rep_id and r.is_current;

analyze mart.lead;
