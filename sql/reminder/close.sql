-- one row per open reminder that no longer applies, closed
with over as (
    select
        r.reminder_id,
        d.deal_id,
        case when d.status in ('won', 'lost') and d.closed_at < %(window_end)s then d.status end as ended,
        d.closed_at as ended_at,
        (
            select min(v.entered_at) from mart.deal_stage as v
            where
                v.source = r.source
                and v.deal_id = r.subject_id
                -- while the rule went on applying, moves did not end it
                and v.entered_at >= r.seen_at
                and v.entered_at < %(window_end)s
        ) as moved_at,
        r.subject_kind,
        r.rule in (select rule from reminder_rule) as has_rule
    from ops.reminder as r
    left join mart.deal as d on r.source = d.source and r.subject_id = d.deal_id and r.subject_kind = 'deal'
    where
        r.closed_at is null
        and not exists (
            select 1 from candidate as c
            where
                c.rule = r.rule
                and c.subject_kind = r.subject_kind
                and c.source = r.source
                and c.subject_id = r.subject_id
        )
)

update ops.reminder as r
set
    closed_at = case
        when o.ended is not null and r.rule <> all(%(of_won)s::text[]) then o.ended_at
        else coalesce(o.moved_at, %(window_end)s)
    end,
    closed_why = case
        when o.ended is not null and r.rule <> all(%(of_won)s::text[]) then o.ended
        when o.moved_at is not null then 'moved'
        when o.subject_kind = 'deal' and o.deal_id is null then 'gone'
        when not o.has_rule then 'rule off'
        else 'reason gone'
    end,
    held_why = null
from over as o
where r.reminder_id = o.reminder_id;
