-- Customer value: RFM with its segments, what customers are worth, and the book of fitted models.

create table ops.model_run (
    model_run_id text not null,
    model text not null,
    subject text not null,
    window_start timestamptz not null,
    window_end timestamptz not null,
    trained_at timestamptz not null default now(),
    features jsonb not null,
    fingerprint text not null,
    parameters jsonb,
    scores jsonb not null,
    rows bigint not null,
    seconds numeric not null,
    constraint pk_model_run primary key (model_run_id)
);
comment on table ops.model_run is 'one row per model fitted: the same window over the same data is fitted once';
comment on column ops.model_run.model_run_id is 'made from model, subject, window, features and data, so the same wherever it is fitted';
comment on column ops.model_run.model is 'bg_nbd, gamma_gamma, clusters';
comment on column ops.model_run.subject is 'what it tells of: customers, or those of a currency';
comment on column ops.model_run.window_start is 'start of the events that it learned from, included';
comment on column ops.model_run.window_end is 'their end, excluded';
comment on column ops.model_run.trained_at is 'when it was fitted';
comment on column ops.model_run.features is 'what it looks at, and its settings';
comment on column ops.model_run.fingerprint is 'checksum of the data that it was fitted on';
comment on column ops.model_run.parameters is 'what came out; null when there is no model';
comment on column ops.model_run.scores is 'how good it is; the reason, when there is no model';
comment on column ops.model_run.rows is 'rows of the data: customers';
comment on column ops.model_run.seconds is 'how long it took';

create index model_run_by_window on ops.model_run (model, subject, window_end);

create table mart.rfm_segment (
    recency_score integer not null,
    frequency_score integer not null,
    segment text not null,
    place integer not null,
    constraint pk_rfm_segment primary key (recency_score, frequency_score)
);
comment on table mart.rfm_segment is 'one row per pair of scores: the segment that it is in, from include/config/value.yaml';
comment on column mart.rfm_segment.recency_score is 'recency score, 1 to 5';
comment on column mart.rfm_segment.frequency_score is 'frequency score, 1 to 5';
comment on column mart.rfm_segment.segment is 'name of the segment';
comment on column mart.rfm_segment.place is 'its place in the list, from 1, the best customers';

-- The purchases of each customer who bought before an instant, in the given sources (all, when none are given). A day
-- whose orders in a currency sum to less than 0 is no purchase. Times are over all currencies, amounts in the one that
-- the customer buys in on most days (then the latest one, then by the alphabet).
create function mart.customer_purchases(ends_at timestamptz, of_sources text[] default null)
returns table (
    customer_id text,
    currency text,
    first_on date,
    last_on date,
    frequency bigint,
    monetary numeric,
    revenue numeric,
    repeat_days bigint,
    repeat_spend numeric
)
language sql stable
-- one sort in bytes serves every step; hash tables of as many customers spill, and a language's rules sort slowly
set enable_hashagg = off
as $$
    with orders as (
        select
            o.customer_id collate "C" as customer_id,
            o.currency collate "C" as currency,
            o.ordered_on,
            o.amount
        from mart.customer_order as o
        where
            o.customer_id is not null
            and o.ordered_at < ends_at
            and (of_sources is null or o.source = any(of_sources))
    ),

    order_day as (
        select
            o.customer_id,
            o.currency,
            o.ordered_on,
            sum(o.amount) as amount
        from orders as o
        group by o.customer_id, o.ordered_on, o.currency
    ),

    -- a day with purchases in two currencies is one day
    placed as (
        select
            d.customer_id,
            d.currency,
            d.ordered_on,
            d.amount,
            min(d.ordered_on) filter (where d.amount >= 0) over (partition by d.customer_id) as first_on,
            d.amount >= 0 and count(*) filter (where d.amount >= 0) over (
                partition by d.customer_id, d.ordered_on order by d.currency rows unbounded preceding
            ) = 1 as is_day
        from order_day as d
    ),

    in_currency as (
        select
            p.customer_id,
            p.currency,
            min(p.first_on) as first_on,
            max(p.ordered_on) filter (where p.amount >= 0) as last_on,
            count(*) filter (where p.is_day) as counted_days,
            count(*) filter (where p.amount >= 0) as days,
            avg(p.amount) filter (where p.amount >= 0) as monetary,
            sum(p.amount) as revenue,
            count(*) filter (where p.amount > 0 and p.ordered_on > p.first_on) as repeat_days,
            avg(p.amount) filter (where p.amount > 0 and p.ordered_on > p.first_on) as repeat_spend
        from placed as p
        where p.first_on is not null
        group by p.customer_id, p.currency
    )

    select distinct on (c.customer_id)
        c.customer_id,
        c.currency,
        c.first_on,
        max(c.last_on) over (partition by c.customer_id) as last_on,
        (sum(c.counted_days) over (partition by c.customer_id))::bigint as frequency,
        c.monetary,
        c.revenue,
        c.repeat_days,
        c.repeat_spend
    from in_currency as c
    order by c.customer_id, c.days desc, c.last_on desc nulls last, c.currency
$$;
comment on function mart.customer_purchases(timestamptz, text[]) is 'one row per customer who bought before an instant: when, how often, how much a day in their main currency';

-- A quintile is told by how many customers are strictly worse, so equal customers get the same one. Money is compared
-- among the customers of one currency.
create function mart.customer_rfm(ends_at timestamptz, last_day date, of_sources text[] default null)
returns table (
    customer_id text,
    currency text,
    first_on date,
    last_on date,
    recency_days integer,
    frequency bigint,
    monetary numeric,
    revenue numeric,
    repeat_days bigint,
    repeat_spend numeric,
    recency_score integer,
    frequency_score integer,
    monetary_score integer
)
language sql stable as $$
    select
        p.customer_id,
        p.currency,
        p.first_on,
        p.last_on,
        last_day - p.last_on as recency_days,
        p.frequency,
        p.monetary,
        p.revenue,
        p.repeat_days,
        p.repeat_spend,
        (1 + 5 * (rank() over (order by p.last_on) - 1) / count(*) over ())::integer as recency_score,
        (1 + 5 * (rank() over (order by p.frequency) - 1) / count(*) over ())::integer as frequency_score,
        (
            1 + 5 * (rank() over (partition by p.currency collate "C" order by p.monetary) - 1)
            / count(*) over (partition by p.currency collate "C")
        )::integer as monetary_score
    from mart.customer_purchases(ends_at, of_sources) as p
$$;
comment on function mart.customer_rfm(timestamptz, date, text[]) is 'one row per customer who bought before an instant: recency, frequency, monetary and their quintiles';

create table mart.customer_rfm_monthly (
    month_on date not null,
    customer_id text not null,
    currency text not null,
    recency_days integer not null,
    frequency bigint not null,
    monetary numeric not null,
    revenue numeric not null,
    recency_score integer not null,
    frequency_score integer not null,
    monetary_score integer not null,
    constraint pk_customer_rfm_monthly primary key (month_on, customer_id)
);
comment on table mart.customer_rfm_monthly is 'one row per customer who had bought and month: RFM as of the end of the month''s last day';
comment on column mart.customer_rfm_monthly.month_on is 'last day of the month';
comment on column mart.customer_rfm_monthly.customer_id is 'the customer';
comment on column mart.customer_rfm_monthly.currency is 'currency of the amounts: the one they buy in on most days';
comment on column mart.customer_rfm_monthly.recency_days is 'days since the last purchase';
comment on column mart.customer_rfm_monthly.frequency is 'days with a purchase';
comment on column mart.customer_rfm_monthly.monetary is 'mean amount of such a day';
comment on column mart.customer_rfm_monthly.revenue is 'amount of all orders, returns taken off';
comment on column mart.customer_rfm_monthly.recency_score is 'quintile of recency, 5 is the latest';
comment on column mart.customer_rfm_monthly.frequency_score is 'quintile of frequency, 5 is the most often';
comment on column mart.customer_rfm_monthly.monetary_score is 'quintile of monetary among the customers of the currency, 5 is the most';

create view mart.customer_segment_migration as
select
    n.month_on,
    b.segment as segment_before,
    s.segment,
    count(*) as customers
from mart.customer_rfm_monthly as n
inner join mart.rfm_segment as s on n.recency_score = s.recency_score and n.frequency_score = s.frequency_score
left join mart.customer_rfm_monthly as p
    on n.customer_id = p.customer_id and p.month_on = (date_trunc('month', n.month_on) - interval '1 day')::date
left join mart.rfm_segment as b on p.recency_score = b.recency_score and p.frequency_score = b.frequency_score
group by n.month_on, b.segment, s.segment;
comment on view mart.customer_segment_migration is 'one row per month, segment at the end of the month before and segment at its end: customers';
comment on column mart.customer_segment_migration.month_on is 'last day of the month';
comment on column mart.customer_segment_migration.segment_before is 'RFM segment a month earlier; null for who had not bought by then';
comment on column mart.customer_segment_migration.segment is 'RFM segment at the end of the month';
comment on column mart.customer_segment_migration.customers is 'customers';

create table mart.customer_value (
    customer_id text not null,
    as_of_on date not null,
    currency text,
    recency_days integer,
    frequency bigint,
    monetary numeric,
    revenue numeric,
    recency_score integer,
    frequency_score integer,
    monetary_score integer,
    segment text,
    p_alive double precision,
    p_alive_low_80 double precision,
    p_alive_high_80 double precision,
    p_alive_low_95 double precision,
    p_alive_high_95 double precision,
    expected_purchases double precision,
    expected_purchases_low_80 double precision,
    expected_purchases_high_80 double precision,
    expected_purchases_low_95 double precision,
    expected_purchases_high_95 double precision,
    expected_spend double precision,
    expected_spend_low_80 double precision,
    expected_spend_high_80 double precision,
    expected_spend_low_95 double precision,
    expected_spend_high_95 double precision,
    lifetime_value double precision,
    lifetime_value_low_80 double precision,
    lifetime_value_high_80 double precision,
    lifetime_value_low_95 double precision,
    lifetime_value_high_95 double precision,
    last_contact_on date,
    churn_after_days double precision,
    churn_risk double precision,
    cluster text,
    cluster_month_before text,
    purchases_run_id text,
    spend_run_id text,
    cluster_run_id text,
    constraint pk_customer_value primary key (customer_id)
);
comment on table mart.customer_value is 'one row per customer: what they are worth, as of the end of the last day that was built';
comment on column mart.customer_value.customer_id is 'the customer';
comment on column mart.customer_value.as_of_on is 'the last day that was built';
comment on column mart.customer_value.currency is 'currency of the amounts: the one they buy in on most days; null for who never bought';
comment on column mart.customer_value.recency_days is 'days since the last purchase';
comment on column mart.customer_value.frequency is 'days with a purchase';
comment on column mart.customer_value.monetary is 'mean amount of such a day';
comment on column mart.customer_value.revenue is 'amount of all orders, returns taken off';
comment on column mart.customer_value.recency_score is 'quintile of recency, 5 is the latest';
comment on column mart.customer_value.frequency_score is 'quintile of frequency, 5 is the most often';
comment on column mart.customer_value.monetary_score is 'quintile of monetary among the customers of the currency, 5 is the most';
comment on column mart.customer_value.segment is 'RFM segment';
comment on column mart.customer_value.p_alive is 'probability that they still buy (BG/NBD), 0 to 1; null without a model';
comment on column mart.customer_value.p_alive_low_80 is 'low end of its 80 % interval';
comment on column mart.customer_value.p_alive_high_80 is 'high end of its 80 % interval';
comment on column mart.customer_value.p_alive_low_95 is 'low end of its 95 % interval';
comment on column mart.customer_value.p_alive_high_95 is 'high end of its 95 % interval';
comment on column mart.customer_value.expected_purchases is 'days with a purchase to expect within the horizon (BG/NBD)';
comment on column mart.customer_value.expected_purchases_low_80 is 'low end of its 80 % interval';
comment on column mart.customer_value.expected_purchases_high_80 is 'high end of its 80 % interval';
comment on column mart.customer_value.expected_purchases_low_95 is 'low end of its 95 % interval';
comment on column mart.customer_value.expected_purchases_high_95 is 'high end of its 95 % interval';
comment on column mart.customer_value.expected_spend is 'mean amount to expect of such a day (Gamma-Gamma); null without a model of the currency';
comment on column mart.customer_value.expected_spend_low_80 is 'low end of its 80 % interval';
comment on column mart.customer_value.expected_spend_high_80 is 'high end of its 80 % interval';
comment on column mart.customer_value.expected_spend_low_95 is 'low end of its 95 % interval';
comment on column mart.customer_value.expected_spend_high_95 is 'high end of its 95 % interval';
comment on column mart.customer_value.lifetime_value is 'discounted expected purchases × expected spend × margin over the horizon, in currency';
comment on column mart.customer_value.lifetime_value_low_80 is 'low end of its 80 % interval';
comment on column mart.customer_value.lifetime_value_high_80 is 'high end of its 80 % interval';
comment on column mart.customer_value.lifetime_value_low_95 is 'low end of its 95 % interval';
comment on column mart.customer_value.lifetime_value_high_95 is 'high end of its 95 % interval';
comment on column mart.customer_value.last_contact_on is 'day of the last order, ticket or activity';
comment on column mart.customer_value.churn_after_days is 'days of silence after which they count as lost, from their own rhythm';
comment on column mart.customer_value.churn_risk is 'how unusual the silence is, 0 to 1; 0.95 after churn_after_days';
comment on column mart.customer_value.cluster is 'name of the cluster of customers that they are in; null without one';
comment on column mart.customer_value.cluster_month_before is 'the same a month earlier, by the same clusters; null for who had not bought by then';
comment on column mart.customer_value.purchases_run_id is 'the BG/NBD model, in ops.model_run';
comment on column mart.customer_value.spend_run_id is 'the Gamma-Gamma model of the currency, in ops.model_run';
comment on column mart.customer_value.cluster_run_id is 'the clusters, in ops.model_run';
