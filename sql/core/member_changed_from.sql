-- one row: the first instant of which something is told under a rep or product that is called otherwise than before
with rep_after as (
    select
        rep_id,
        full_name,
        team,
        manager,
        region
    from core.dim_rep
    where is_current
),

product_after as (
    select
        source,
        match_key,
        min(name) as name
    from core.dim_product
    group by source, match_key
),

rep as (
    select c.rep_id
    from (
        (
            select * from rep_before
            except
            select * from rep_after
        )
        union all
        (
            select * from rep_after
            except
            select * from rep_before
        )
    ) as c
),

product as (
    select
        c.source,
        c.match_key
    from (
        (
            select * from product_before
            except
            select * from product_after
        )
        union all
        (
            select * from product_after
            except
            select * from product_before
        )
    ) as c
)

select
    least(
        (
            select min(least(d.created_at, d.first_seen_at)) from core.fct_deal as d
            where d.source || ':' || d.owner_key in (select r.rep_id from rep as r)
        ),
        (
            select min(a.occurred_at) from core.fct_activity as a
            where a.source || ':' || a.owner_key in (select r.rep_id from rep as r)
        ),
        (
            select min(least(d.created_at, d.first_seen_at)) from core.fct_deal as d
            inner join product as p
                on
                    d.source = p.source
                    and lower(regexp_replace(d.product_name, '[^[:alnum:]]', '', 'g')) = p.match_key
        )
    ) as changed_from;
