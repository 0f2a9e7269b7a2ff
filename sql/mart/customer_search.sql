-- one row per customer: what they are found by
-- The rows that are the same stay: writing the index of words anew takes many times as long as computing the words.
create temp table fresh_search on commit drop as
with told as (
    select
        l.customer_id,
        array[lower(v.fields ->> 'email'), v.fields ->> 'phone'] as keys,
        concat_ws(
            ' ', v.fields ->> 'full_name', v.fields ->> 'company_name', v.fields ->> 'email', v.fields ->> 'phone'
        ) as words
    from core.customer_link as l
    inner join core.clean_version as v on v.kind = 'person' and l.record_id = v.record_id
    union all
    -- how the names sound in Latin letters, and the mailbox that spellings of an address are
    select
        l.customer_id,
        array[r.matching ->> 'email_key', null] as keys,
        concat_ws(' ', r.matching ->> 'given_key', r.matching ->> 'family_key') as words
    from core.customer_link as l
    inner join core.identity_record as r on r.kind = 'person' and l.record_id = r.record_id
    union all
    select
        c.customer_id,
        array[null, null] as keys,
        concat_ws(' ', f.name, f.domain) as words
    from mart.customer_360 as c
    inner join core.dim_company as f on c.company_id = f.company_id and f.is_current
),

own as (
    select
        customer_id,
        array_agg(keys) as keys,
        string_agg(distinct words, ' ') as words
    from told
    group by customer_id
)

select
    c.customer_id,
    array(
        select distinct k.key
        from unnest(o.keys) as k (key)
        where k.key is not null
        order by k.key
    ) as keys,
    ' ' || mart.search_words(o.words) || ' ' as words
from mart.customer_360 as c
inner join own as o on c.customer_id = o.customer_id;

create unique index on fresh_search (customer_id);
analyze fresh_search;

delete from mart.customer_search as s
where not exists (
    select 1 from fresh_search as f
    where f.customer_id = s.customer_id and f.keys = s.keys and f.words = s.words
);

insert into mart.customer_search (customer_id, keys, words)
select
    f.customer_id,
    f.keys,
    f.words
from fresh_search as f
where not exists (
    select 1 from mart.customer_search as s
    where s.customer_id = f.customer_id
);

drop table fresh_search;
