-- one row per reminder that goes into a rep's next message, with what the wording may name
select
    c.person_id,
    c.channel,
    c.alone,
    c.place,
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
    d.rep_name,
    d.product_name,
    coalesce(o.stage_name, d.stage_name) as stage_name,
    coalesce(d.deal_name, p.full_name, p.email) as name,
    coalesce(d.company_name, p.company_name) as company_name,
    p.full_name as contact_name
from choice as c
inner join ops.reminder as r on c.reminder_id = r.reminder_id
left join mart.deal as d on r.source = d.source and r.subject_id = d.deal_id and r.subject_kind = 'deal'
left join open_deal as o on r.source = o.source and r.subject_id = o.deal_id and r.subject_kind = 'deal'
left join mart.customer_360 as p
    on p.customer_id = case when r.subject_kind = 'customer' then r.subject_id else d.customer_id end
where c.place is not null and c.held_why is null
order by c.person_id asc, c.channel asc, c.alone asc, c.place asc, r.value_at_risk desc, r.rule asc;
