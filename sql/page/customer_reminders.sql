-- one row per reminder that is open for a customer: of their deals, or of them as a lead
select
    r.reminder_id,
    r.rule,
    r.source,
    r.subject_id,
    r.opened_at,
    r.value_at_risk,
    r.currency,
    r.held_why,
    d.deal_name,
    p.full_name as rep_name
from ops.reminder as r
left join mart.deal as d on r.subject_kind = 'deal' and r.source = d.source and r.subject_id = d.deal_id
left join core.dim_rep as p on r.rep_id = p.rep_id and p.is_current
where
    r.closed_at is null
    and r.subject_id in (
        select %(customer_id)s
        union all
        select o.deal_id
        from mart.deal as o
        where o.customer_id = %(customer_id)s
    )
    and (
        (r.subject_kind = 'customer' and r.subject_id = %(customer_id)s)
        or d.customer_id = %(customer_id)s
    )
order by r.value_at_risk desc, r.reminder_id asc
limit %(most)s;
