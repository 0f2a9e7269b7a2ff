-- one row per moment and customer who had bought by then: purchases, tickets, and RFM scores where the moment is now
create temp table value_history on commit drop as
with ticket as (
    select
        m.last_day,
        l.customer_id,
        count(*) as tickets
    from moment as m
    inner join core.fct_ticket as f on m.ends_at > f.created_at
    inner join core.customer_link as l on f.source = l.source and f.requester_key = l.record_key
    where not f.is_deleted
    group by m.last_day, l.customer_id
),

history as (
    select
        m.last_day,
        r.customer_id,
        r.currency,
        r.first_on,
        r.last_on,
        r.frequency,
        r.monetary,
        r.revenue,
        r.repeat_days,
        r.repeat_spend,
        r.recency_score,
        r.frequency_score,
        r.monetary_score
    from moment as m
    cross join lateral mart.customer_rfm(m.ends_at, m.last_day) as r
    where m.is_now
    union all
    select
        m.last_day,
        p.customer_id,
        p.currency,
        p.first_on,
        p.last_on,
        p.frequency,
        p.monetary,
        p.revenue,
        p.repeat_days,
        p.repeat_spend,
        null as recency_score,
        null as frequency_score,
        null as monetary_score
    from moment as m
    cross join lateral mart.customer_purchases(m.ends_at) as p
    where not m.is_now
),

usual as (
    select
        last_day,
        currency,
        percentile_cont(0.5) within group (order by monetary) as monetary
    from history
    group by last_day, currency
)

select
    h.last_day,
    h.customer_id,
    h.currency,
    h.first_on,
    h.last_on,
    h.frequency,
    h.monetary,
    h.revenue,
    h.repeat_days,
    h.repeat_spend,
    h.recency_score,
    h.frequency_score,
    h.monetary_score,
    h.last_day - h.last_on as recency_days,
    h.last_day - h.first_on as tenure_days,
    coalesce(h.monetary::double precision / nullif(u.monetary, 0), 1) as relative_monetary,
    coalesce(t.tickets, 0) as tickets
from history as h
inner join usual as u on h.last_day = u.last_day and h.currency = u.currency
left join ticket as t on h.last_day = t.last_day and h.customer_id = t.customer_id;
