-- what a unit of each currency is in the reporting currency on each day
-- on a day without rates the last one holds, for two weeks at most: beyond that it would be a guess
create temp table rate on commit drop as
with known as (
    select
        currency,
        rate_on,
        per_euro,
        lead(rate_on) over (partition by currency order by rate_on) as next_on
    from core.currency_rate
    where
        currency in (select f.currency from core.fct_deal as f)
        or currency in (select r.currency from reporting as r)
),

daily as (
    select
        k.currency,
        g.on_day::date as on_day,
        k.per_euro
    from known as k
    cross join
        lateral generate_series(k.rate_on, least(k.next_on - 1, k.rate_on + 13), interval '1 day') as g (on_day)
),

told as (
    select
        currency,
        on_day,
        per_euro
    from daily
    union all
    select distinct
        'EUR' as currency,
        on_day,
        1 as per_euro
    from daily
)

select
    t.currency,
    t.on_day,
    own.per_euro / t.per_euro as factor
from told as t
inner join reporting as r on t.currency <> r.currency
inner join told as own on r.currency = own.currency and t.on_day = own.on_day;

alter table rate add primary key (currency, on_day);

analyze reporting;
analyze rate;
