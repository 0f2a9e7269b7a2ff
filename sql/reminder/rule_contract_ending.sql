-- one row per won deal of a product with a term that ends soon, with no later deal of the company for the product
insert into candidate (
    rule, subject_kind, source, subject_id, rep_id, stage, amount, currency, probability, days, limit_days, late_days,
    risk_share, about_on
)
with term as (
    select
        product_name,
        months
    from unnest(%(products)s::text[], %(months)s::integer[]) as t (product_name, months)
),

contract as (
    select
        d.*,
        ((d.closed_at at time zone coalesce(r.timezone, %(timezone)s))::date + make_interval(months => t.months))::date
            as ends_on,
        (%(window_end)s::timestamptz at time zone coalesce(r.timezone, %(timezone)s))::date - 1 as today
    from mart.deal as d
    inner join term as t on d.product_name = t.product_name
    left join rep_setting as r on d.rep_id = r.rep_id
    where d.status = 'won' and d.closed_at < %(window_end)s
),

ending as (
    select
        *,
        ends_on - today as days
    from contract
    where ends_on between today and today + %(days_before)s
)

select
    %(rule_name)s as rule,
    'deal' as subject_kind,
    e.source,
    e.deal_id as subject_id,
    e.rep_id,
    e.stage_name as stage,
    e.amount,
    e.currency,
    1 as probability,
    e.days,
    %(days_before)s as limit_days,
    %(days_before)s - e.days as late_days,
    (%(days_before)s - e.days) / (%(days_before)s - e.days + 7.0) as risk_share,
    e.ends_on as about_on
from ending as e
where
    not exists (
        select 1 from mart.deal as n
        where
            n.company_id = e.company_id
            and n.product_name = e.product_name
            and n.created_at > e.closed_at
            and n.created_at < %(window_end)s
    );
