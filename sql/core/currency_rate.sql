-- one row per currency and day with a rate, as the latest version of the day tells
create temp table touched_rate_day on commit drop as
select distinct s.rate_on
from staging.currency_rate as s
inner join touched_currency_rate as t on s.source_table = t.source_table and s.source_id = t.source_id
where s.rate_on is not null;

delete from core.currency_rate as r
using touched_rate_day as t
where r.rate_on = t.rate_on;

insert into core.currency_rate (currency, rate_on, per_euro)
with latest as (
    select distinct on (source_table, source_id)
        source_table,
        source_id,
        rate_on,
        base_currency,
        rates,
        is_deleted
    from staging.currency_rate
    order by source_table asc, source_id asc, version_at desc, payload_hash desc
)

-- should two sources tell a day, the first by name does
select distinct on (r.currency, l.rate_on)
    r.currency,
    l.rate_on,
    r.rate::numeric as per_euro
from latest as l
inner join touched_rate_day as t on l.rate_on = t.rate_on
cross join lateral jsonb_each_text(l.rates) as r (currency, rate)
where
    not l.is_deleted
    and l.base_currency = 'EUR'
    and r.currency ~ '^[A-Z]{3}$'
    and r.rate ~ '^\d{1,12}(\.\d{1,12})?$'
    and r.rate::numeric > 0
order by r.currency asc, l.rate_on asc, l.source_table asc, l.source_id asc;
