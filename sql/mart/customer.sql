-- one row per customer, as they are now
delete from mart.customer;

insert into mart.customer (
    customer_id, full_name, email, phone, job_title, company_id, company_name, country, city, language,
    lifecycle_stage, first_seen_at, records, sources, deals, won_deals, tickets, orders, first_order_at, last_order_at,
    order_amount, order_currency, completeness
)
with record as (
    select
        customer_id,
        count(*) as records,
        array_agg(distinct source order by source) as sources
    from core.customer_link
    group by customer_id
),

deal as (
    select
        l.customer_id,
        count(*) as deals,
        count(*) filter (where s.status = 'won') as won_deals
    from core.fct_deal as f
    inner join core.customer_link as l on f.source = l.source and f.customer_key = l.record_key
    left join core.dim_pipeline_stage as s on f.source = s.source and f.stage_key = s.stage_key
    where not f.is_deleted
    group by l.customer_id
),

ticket as (
    select
        l.customer_id,
        count(*) as tickets
    from core.fct_ticket as f
    inner join core.customer_link as l on f.source = l.source and f.requester_key = l.record_key
    where not f.is_deleted
    group by l.customer_id
),

purchase as (
    select
        customer_id,
        count(*) as orders,
        min(ordered_at) as first_order_at,
        max(ordered_at) as last_order_at,
        sum(amount) as order_amount,
        case when min(currency) = max(currency) then min(currency) else 'MIXED' end as order_currency
    from mart.customer_order
    where customer_id is not null
    group by customer_id
)

select
    c.customer_id,
    c.full_name,
    c.email,
    c.phone,
    c.job_title,
    c.company_id,
    coalesce(c.company_name, f.name) as company_name,
    c.country,
    c.city,
    c.language,
    c.lifecycle_stage,
    c.first_seen_at,
    r.records,
    r.sources,
    coalesce(d.deals, 0) as deals,
    coalesce(d.won_deals, 0) as won_deals,
    coalesce(t.tickets, 0) as tickets,
    coalesce(p.orders, 0) as orders,
    p.first_order_at,
    p.last_order_at,
    coalesce(p.order_amount, 0) as order_amount,
    p.order_currency,
    num_nonnulls(c.full_name, c.email, c.phone, coalesce(c.company_name, f.name), c.country, c.language)
    / 6.0 as completeness
from core.dim_customer as c
inner join record as r on c.customer_id = r.customer_id
left join core.dim_company as f on c.company_id = f.company_id and f.is_current
left join deal as d on c.customer_id = d.customer_id
left join ticket as t on c.customer_id = t.customer_id
left join purchase as p on c.customer_id = p.customer_id
where c.is_current;
