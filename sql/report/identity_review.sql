-- one row per two records that may be the same customer or company, the most valuable first
with pair as (
    select
        p.kind,
        p.record_a,
        p.record_b,
        p.probability,
        p.weight,
        p.agreement
    from core.identity_pair as p
    where
        p.kind = %(kind)s
        and not exists (
            select 1 from core.identity_decision as d
            where
                d.kind = p.kind and d.record_a = p.record_a and d.record_b = p.record_b and d.revoked_at is null
        )
),

linked as (
    select
        'person' as kind,
        record_id,
        customer_id as canonical_id
    from core.customer_link
    union all
    select
        'organisation' as kind,
        record_id,
        company_id as canonical_id
    from core.company_link
),

apart as (
    select
        p.*,
        a.canonical_id as id_a,
        b.canonical_id as id_b
    from pair as p
    inner join linked as a on p.kind = a.kind and p.record_a = a.record_id
    inner join linked as b on p.kind = b.kind and p.record_b = b.record_id
    where a.canonical_id <> b.canonical_id
),

-- of two customers the pair that speaks for it most is shown
strongest as (
    select distinct on (least(id_a, id_b), greatest(id_a, id_b)) *
    from apart
    order by least(id_a, id_b) asc, greatest(id_a, id_b) asc, weight desc, record_a asc, record_b asc
),

known as (
    select
        l.canonical_id,
        sum(d.amount) as amount
    from linked as l
    inner join mart.deal as d on l.canonical_id in (d.customer_id, d.company_id)
    where
        d.status <> 'lost'
        and exists (
            select 1 from strongest as s
            where l.canonical_id in (s.id_a, s.id_b)
        )
    group by l.canonical_id
),

bought as (
    select
        customer_id as canonical_id,
        sum(amount) as amount
    from mart.customer_order
    group by customer_id
)

select
    s.record_a,
    s.record_b,
    s.id_a,
    s.id_b,
    s.probability,
    s.weight,
    s.agreement,
    coalesce(ka.amount, 0) + coalesce(kb.amount, 0) + coalesce(ba.amount, 0) + coalesce(bb.amount, 0) as value,
    va.fields as fields_a,
    vb.fields as fields_b
from strongest as s
left join known as ka on s.id_a = ka.canonical_id
left join known as kb on s.id_b = kb.canonical_id
left join bought as ba on s.id_a = ba.canonical_id
left join bought as bb on s.id_b = bb.canonical_id
left join lateral (
    select v.fields from core.clean_version as v
    where v.kind = s.kind and v.record_id = s.record_a
    order by v.version_at desc, v.payload_hash desc
    limit 1
) as va on true
left join lateral (
    select v.fields from core.clean_version as v
    where v.kind = s.kind and v.record_id = s.record_b
    order by v.version_at desc, v.payload_hash desc
    limit 1
) as vb on true
order by value desc, s.weight desc, s.record_a asc, s.record_b asc
limit %(most)s;
