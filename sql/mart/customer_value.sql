-- one row per customer: what they are worth, as of the end of the last day that was built
delete from mart.customer_value;

insert into mart.customer_value (
    customer_id, as_of_on, currency, recency_days, frequency, monetary, revenue, recency_score, frequency_score,
    monetary_score, segment,
    p_alive, p_alive_low_80, p_alive_high_80, p_alive_low_95, p_alive_high_95,
    expected_purchases, expected_purchases_low_80, expected_purchases_high_80, expected_purchases_low_95,
    expected_purchases_high_95,
    expected_spend, expected_spend_low_80, expected_spend_high_80, expected_spend_low_95, expected_spend_high_95,
    lifetime_value, lifetime_value_low_80, lifetime_value_high_80, lifetime_value_low_95, lifetime_value_high_95,
    last_contact_on, churn_after_days, churn_risk, cluster, cluster_month_before,
    purchases_run_id, spend_run_id, cluster_run_id
)
-- keys are sorted in bytes: by a language's rules it takes five times as long
with contact as (
    select
        o.customer_id collate "C" as customer_id,
        o.ordered_on as contact_on
    from mart.customer_order as o
    inner join moment as m on o.ordered_at < m.ends_at and m.is_now
    where o.customer_id is not null
    union
    select
        l.customer_id collate "C" as customer_id,
        f.created_at::date as contact_on
    from core.fct_ticket as f
    inner join moment as m on f.created_at < m.ends_at and m.is_now
    inner join core.customer_link as l on f.source = l.source and f.requester_key = l.record_key
    where not f.is_deleted
    union
    select
        l.customer_id collate "C" as customer_id,
        f.occurred_at::date as contact_on
    from core.fct_activity as f
    inner join moment as m on f.occurred_at < m.ends_at and m.is_now
    inner join core.customer_link as l on f.source = l.source and f.customer_key = l.record_key
    where not f.is_deleted and f.is_completed is not false
),

gap as (
    select
        customer_id,
        contact_on,
        contact_on - lag(contact_on) over (partition by customer_id order by contact_on) as days
    from contact
),

population as (
    select percentile_cont(0.95) within group (order by days) as longest
    from gap
),

rhythm as (
    select
        customer_id,
        max(contact_on) as last_contact_on,
        count(days) as gaps,
        percentile_cont(0.95) within group (order by days) as longest
    from gap
    group by customer_id
),

-- the customer's own 95th percentile of gaps, drawn to that of all gaps as if five of these were their own
churn as (
    select
        r.customer_id collate "default" as customer_id,
        r.last_contact_on,
        (coalesce(r.gaps * r.longest, 0) + 5 * p.longest) / (r.gaps + 5) as after_days
    from rhythm as r
    cross join population as p
)

select
    c.customer_id,
    m.last_day as as_of_on,
    h.currency,
    h.recency_days,
    h.frequency,
    h.monetary,
    h.revenue,
    h.recency_score,
    h.frequency_score,
    h.monetary_score,
    s.segment,
    f.p_alive,
    f.p_alive_low_80,
    f.p_alive_high_80,
    f.p_alive_low_95,
    f.p_alive_high_95,
    f.expected_purchases,
    f.expected_purchases_low_80,
    f.expected_purchases_high_80,
    f.expected_purchases_low_95,
    f.expected_purchases_high_95,
    f.expected_spend,
    f.expected_spend_low_80,
    f.expected_spend_high_80,
    f.expected_spend_low_95,
    f.expected_spend_high_95,
    f.lifetime_value,
    f.lifetime_value_low_80,
    f.lifetime_value_high_80,
    f.lifetime_value_low_95,
    f.lifetime_value_high_95,
    x.last_contact_on,
    x.after_days as churn_after_days,
    -- gaps of an exponential law whose 95th percentile is after_days
    1 - power(0.05, (m.last_day - x.last_contact_on) / x.after_days) as churn_risk,
    f.cluster,
    b.cluster as cluster_month_before,
    f.purchases_run_id,
    f.spend_run_id,
    f.cluster_run_id
from mart.customer_360 as c
inner join moment as m on m.is_now
left join value_history as h on c.customer_id = h.customer_id and m.last_day = h.last_day
left join mart.rfm_segment as s on h.recency_score = s.recency_score and h.frequency_score = s.frequency_score
left join value_figure as f on c.customer_id = f.customer_id and m.last_day = f.last_day
left join value_figure as b on c.customer_id = b.customer_id and m.last_day <> b.last_day
left join churn as x on c.customer_id = x.customer_id
where c.first_seen_at < m.ends_at or h.customer_id is not null;
