-- one row per deal: since when its contact was in no activity and wrote no ticket; a contact who was never heard of has
-- not gone quiet, and the rule of no activity speaks of them
create temp table quiet on commit drop as
with contact as (
    select distinct
        l.customer_id,
        l.source,
        l.record_key
    from core.customer_link as l
    inner join open_deal as o on l.customer_id = o.customer_id
),

touch as (
    select
        c.customer_id,
        f.occurred_at as touched_at
    from contact as c
    inner join core.fct_activity as f on c.source = f.source and c.record_key = f.customer_key
    where not f.is_deleted and f.is_completed is not false and f.occurred_at < %(window_end)s
    union all
    select
        c.customer_id,
        m.sent_at as touched_at
    from contact as c
    inner join core.fct_message as m on c.source = m.source and c.record_key = m.author_key
    where m.is_public and m.sent_at < %(window_end)s
),

last_touch as (
    select
        customer_id,
        max(touched_at) as last_at
    from touch
    group by customer_id
)

select
    'deal' as subject_kind,
    o.source,
    o.deal_id as subject_id,
    o.rep_id,
    o.stage_name as stage,
    o.amount,
    o.currency,
    o.probability,
    o.calendar,
    o.today,
    (t.last_at at time zone o.timezone)::date as last_on
from open_deal as o
inner join last_touch as t on o.customer_id = t.customer_id;
