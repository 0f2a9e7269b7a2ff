-- one row per manager and open reminder of their team's most valuable deals, with what the wording may name
with team as (
    select
        m.manager_no,
        r.*,
        -- in one currency where there is a rate, so that deals of several rank together
        max(r.value_at_risk * coalesce(v.reporting_amount / nullif(v.amount, 0), 1)) over (
            partition by m.manager_no, r.source, r.subject_kind, r.subject_id
        ) as subject_value
    from ops.reminder as r
    inner join reminder_rule as q on r.rule = q.rule and q.to_manager
    inner join rep_setting as s on r.rep_id = s.rep_id
    inner join manager_setting as m on s.team = m.team or s.manager = m.manager
    left join mart.deal as v on r.source = v.source and r.subject_id = v.deal_id and r.subject_kind = 'deal'
    where r.closed_at is null and (q.only_source is null or q.only_source = r.source)
),

placed as (
    select
        *,
        dense_rank() over (
            partition by manager_no order by subject_value desc, source asc, subject_kind desc, subject_id asc
        ) as place
    from team
)

select
    r.manager_no,
    r.place,
    r.reminder_id,
    r.rule,
    r.subject_kind,
    r.source,
    r.subject_id,
    r.opened_at,
    r.amount,
    r.currency,
    r.days,
    r.limit_days,
    r.about_on,
    r.was_amount,
    r.value_at_risk,
    r.rep_id as about_rep_id,
    s.full_name as rep_name,
    d.product_name,
    coalesce(o.stage_name, d.stage_name) as stage_name,
    coalesce(d.deal_name, p.full_name, p.email) as name,
    coalesce(d.company_name, p.company_name) as company_name,
    p.full_name as contact_name
from placed as r
left join rep_setting as s on r.rep_id = s.rep_id
left join mart.deal as d on r.source = d.source and r.subject_id = d.deal_id and r.subject_kind = 'deal'
left join open_deal as o on r.source = o.source and r.subject_id = o.deal_id and r.subject_kind = 'deal'
left join mart.customer_360 as p
    on p.customer_id = case when r.subject_kind = 'customer' then r.subject_id else d.customer_id end
where r.place <= %(most_deals)s
order by r.manager_no asc, r.place asc, r.value_at_risk desc, r.rule asc;
