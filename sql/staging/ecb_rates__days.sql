-- one row per version of a day's rates: a column each currency, units of it for a euro
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    b.payload ->> 'Date' as rate_on,
    'EUR' as base_currency,
    r.rates,
    r.unreadable_rates
from batch as b
cross join lateral (
    select
        json_object_agg(trim(f.key), trim(f.value)) as rates,
        string_agg(trim(f.key), ', ' order by f.key)
        filter (where trim(f.value) !~ '^\d{1,12}(\.\d{1,12})?$' or trim(f.value) ~ '^[0.]+$') as unreadable_rates
    from json_each_text(b.payload) as f
    -- a currency that had no rate on the day says N/A
    where trim(f.key) ~ '^[A-Z]{3}$' and trim(f.value) not in ('N/A', '')
) as r;
