-- one row per deal that the source still has, with names in place of keys
delete from mart.deal;

insert into mart.deal (
    source, deal_id, deal_name, status, pipeline_name, stage_name, stage_position, probability, amount, currency,
    weighted_amount, rep_id, rep_name, team, manager, region, company_id, company_name, customer_id, product_name,
    lead_source, created_at, closed_at, expected_close_on, sales_cycle_days, lost_reason
)
with staged as (
    select
        d.*,
        s.pipeline_name,
        coalesce(s.stage_name, d.stage_key, 'unknown') as stage_name,
        s.position as stage_position,
        coalesce(s.status, 'open') as status,
        case s.status when 'won' then 1 when 'lost' then 0 else coalesce(s.probability, 0) end as probability
    from core.fct_deal as d
    left join core.dim_pipeline_stage as s on d.source = s.source and d.stage_key = s.stage_key
    where not d.is_deleted
),

-- the instant of winning or losing: the source's close date, else the last move into the closed stage
closed as (
    select
        d.source,
        d.deal_id,
        coalesce(d.closed_at, max(v.entered_at)) as closed_at
    from staged as d
    left join core.fct_deal_stage as v
        on d.source = v.source and d.deal_id = v.deal_id and d.stage_key = v.stage_key
    where d.status <> 'open'
    group by d.source, d.deal_id, d.closed_at
),

product as (
    select distinct on (source, match_key)
        source,
        match_key,
        name
    from core.dim_product
    order by source, match_key, product_key
)

select
    d.source,
    d.deal_id,
    d.name as deal_name,
    d.status,
    d.pipeline_name,
    d.stage_name,
    d.stage_position,
    d.probability,
    d.amount,
    coalesce(d.currency, 'XXX') as currency,
    d.amount * d.probability as weighted_amount,
    r.rep_id,
    r.full_name as rep_name,
    r.team,
    r.manager,
    r.region,
    c.company_id,
    c.name as company_name,
    l.customer_id,
    coalesce(p.name, d.product_name) as product_name,
    d.lead_source,
    coalesce(d.created_at, d.first_seen_at) as created_at,
    x.closed_at,
    case when d.status = 'open' then d.closed_at::date end as expected_close_on,
    extract(epoch from x.closed_at::timestamp - d.created_at::timestamp) / 86400 as sales_cycle_days,
    case when d.status = 'lost' then d.lost_reason end as lost_reason
from staged as d
left join closed as x on d.source = x.source and d.deal_id = x.deal_id
left join core.dim_rep as r on d.source || ':' || d.owner_key = r.rep_id and r.is_current
left join core.company_link as k on d.source = k.source and d.company_key = k.record_key
left join core.dim_company as c on k.company_id = c.company_id and c.is_current
left join core.customer_link as l on d.source = l.source and d.customer_key = l.record_key
left join product as p
    on d.source = p.source and lower(regexp_replace(d.product_name, '[^[:alnum:]]', '', 'g')) = p.match_key;
