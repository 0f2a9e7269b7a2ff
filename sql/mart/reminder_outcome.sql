-- one row per rule: whether reminded deals moved more often than their like; the table's comment defines it
delete from mart.reminder_outcome;

insert into mart.reminder_outcome (
    rule, reminded_deals, reminded_moved, reminded_share, like_deals, like_share, difference, difference_low,
    difference_high, unmatched_deals
)
with sent as (
    select
        i.reminder_id,
        min(o.sent_at) as sent_at,
        bool_or(o.state in ('sending', 'uncertain')) as is_uncertain
    from ops.reminder_notice as i
    inner join ops.outbox as o on i.outbox_id = o.outbox_id
    where o.message_key not like 'reminder/manager/%%'
    group by i.reminder_id
),

ripe as (
    select
        r.rule,
        r.source,
        r.opened_stage,
        -- 0 to 4, 4 to 16, 16 to 64 …: none is a band of its own
        case when r.opened_amount > 0 then floor(log(4, greatest(r.opened_amount, 1))) end as band,
        case
            when s.sent_at < r.opened_at + interval '3 days' then true
            when s.is_uncertain then null
            when s.sent_at is null or s.sent_at >= r.opened_at + interval '14 days' then false
        end as is_reminded,
        (
            exists (
                select 1 from mart.deal_stage as v
                where
                    v.source = r.source
                    and v.deal_id = r.subject_id
                    and v.entered_at >= r.opened_at
                    and v.entered_at < r.opened_at + interval '14 days'
            )
            or (
                d.status <> 'open'
                and d.closed_at >= r.opened_at
                and d.closed_at < r.opened_at + interval '14 days'
            )
        )::integer as moved
    from ops.reminder as r
    inner join mart.deal as d on r.source = d.source and r.subject_id = d.deal_id
    left join sent as s on r.reminder_id = s.reminder_id
    where
        r.subject_kind = 'deal'
        and r.opened_at + interval '14 days' <= %(window_end)s
        -- a deal that was won already, as those of contracts that end, has nowhere to move
        and (d.status = 'open' or d.closed_at >= r.opened_at)
),

stratum as (
    select
        rule,
        count(*) filter (where is_reminded) as n1,
        coalesce(sum(moved) filter (where is_reminded), 0) as x1,
        count(*) filter (where not is_reminded) as n0,
        coalesce(sum(moved) filter (where not is_reminded), 0) as x0
    from ripe
    where is_reminded is not null
    group by rule, source, opened_stage, band
),

matched as (
    select
        rule,
        sum(n1) as reminded_deals,
        sum(x1) as reminded_moved,
        sum(n0) as like_deals,
        sum(n1 * x0::numeric / n0) / sum(n1) as like_share,
        sum(
            n1 ^ 2 * (
                (x1 + 1) * (n1 + 1 - x1) / (n1 + 2) ^ 3
                + (x0 + 1) * (n0 + 1 - x0) / (n0 + 2) ^ 3
            )
        ) / sum(n1) ^ 2 as variance
    from stratum
    where n1 > 0 and n0 > 0
    group by rule
),

unmatched as (
    select
        rule,
        sum(n1) as deals
    from stratum
    where n0 = 0
    group by rule
)

select
    m.rule,
    m.reminded_deals,
    m.reminded_moved,
    m.reminded_moved / m.reminded_deals as reminded_share,
    m.like_deals,
    m.like_share,
    m.reminded_moved / m.reminded_deals - m.like_share as difference,
    greatest(m.reminded_moved / m.reminded_deals - m.like_share - 1.96 * sqrt(m.variance), -1) as difference_low,
    least(m.reminded_moved / m.reminded_deals - m.like_share + 1.96 * sqrt(m.variance), 1) as difference_high,
    coalesce(u.deals, 0) as unmatched_deals
from matched as m
left join unmatched as u on m.rule = u.rule;
