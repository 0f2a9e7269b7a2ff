-- one row per close date that a deal was expected to have and the time in which it was: from the history in the deal,
-- else from what its versions show; a date that was set on the day of closing is no expectation
delete from core.fct_deal_close_date as d
using touched_deal as t
where d.source = split_part(t.source_table, '__', 1) and d.deal_id = t.source_id;

insert into core.fct_deal_close_date (source, deal_id, version_no, expected_close_on, known_from, known_to)
with version as (
    select
        s.source_table,
        s.source_id,
        s.version_at,
        s.payload_hash,
        s.closed_at,
        s.close_history,
        bool_or(s.close_history is not null) over (partition by s.source_table, s.source_id) as has_history
    from staging.deal as s
    inner join touched_deal as t on s.source_table = t.source_table and s.source_id = t.source_id
),

latest_history as (
    select distinct on (source_table, source_id)
        source_table,
        source_id,
        close_history
    from version
    where close_history is not null
    order by source_table asc, source_id asc, version_at desc, payload_hash desc
),

told as (
    select
        h.source_table,
        h.source_id,
        -- a date that is written another way was never one; one past the month's end is in the next month
        case
            when c.told ->> 'on' ~ '^(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d'
                then
                    (
                        (left(c.told ->> 'on', 8) || '01')::date
                        + (substr(c.told ->> 'on', 9, 2)::integer - 1)
                        + substr(c.told ->> 'on', 12, 8)::time
                    ) at time zone 'UTC'
        end as closes_at,
        (c.told ->> 'at')::timestamptz as known_from,
        c.no
    from latest_history as h
    cross join lateral jsonb_array_elements(h.close_history) with ordinality as c (told, no)
    union all
    select
        source_table,
        source_id,
        closed_at as closes_at,
        version_at as known_from,
        row_number() over (partition by source_table, source_id, version_at order by payload_hash) as no
    from version
    where not has_history
),

expected as (
    select
        t.source_table,
        t.source_id,
        t.closes_at::date as expected_close_on,
        t.known_from,
        t.no,
        lag(t.closes_at::date) over w as expected_before,
        row_number() over w = 1 as is_first
    from told as t
    inner join core.fct_deal as d on split_part(t.source_table, '__', 1) = d.source and t.source_id = d.deal_id
    left join core.dim_pipeline_stage as s on d.source = s.source and d.stage_key = s.stage_key
    where
        t.known_from is not null
        and (coalesce(s.status, 'open') = 'open' or d.closed_at is null or t.known_from::date < d.closed_at::date)
    window w as (partition by t.source_table, t.source_id order by t.known_from, t.no)
)

select
    split_part(source_table, '__', 1) as source,
    source_id as deal_id,
    row_number() over w as version_no,
    expected_close_on,
    known_from,
    lead(known_from) over w as known_to
from expected
where is_first or expected_close_on is distinct from expected_before
window w as (partition by source_table, source_id order by known_from, no);
