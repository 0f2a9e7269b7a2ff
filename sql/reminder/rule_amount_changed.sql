-- one row per open deal whose amount is not what it was some days before, by a share of it or more
insert into candidate (
    rule, subject_kind, source, subject_id, rep_id, stage, amount, currency, probability, late_days, risk_share,
    was_amount
)
with changed as (
    select distinct
        s.source_table,
        s.source_id
    from staging.deal as s
    where s.version_at >= %(since)s and s.version_at < %(window_end)s
),

version as (
    select
        s.source_table,
        s.source_id,
        s.version_at,
        s.payload_hash,
        s.amount
    from staging.deal as s
    inner join changed as c on s.source_table = c.source_table and s.source_id = c.source_id
    where s.version_at < %(window_end)s
),

before as (
    select distinct on (source_table, source_id)
        source_table,
        source_id,
        amount
    from version
    where version_at < %(since)s
    order by source_table asc, source_id asc, version_at desc, payload_hash desc
),

latest as (
    select distinct on (source_table, source_id)
        source_table,
        source_id,
        amount
    from version
    order by source_table asc, source_id asc, version_at desc, payload_hash desc
),

compared as (
    select
        split_part(l.source_table, '__', 1) as source,
        l.source_id as deal_id,
        l.amount,
        b.amount as was_amount,
        abs(l.amount - b.amount) / b.amount as share
    from latest as l
    inner join before as b on l.source_table = b.source_table and l.source_id = b.source_id
    where b.amount > 0
)

select
    %(rule_name)s as rule,
    'deal' as subject_kind,
    o.source,
    o.deal_id as subject_id,
    o.rep_id,
    o.stage_name as stage,
    c.amount,
    o.currency,
    o.probability,
    0 as late_days,
    least(c.share, 1) as risk_share,
    c.was_amount
from compared as c
inner join open_deal as o on c.source = o.source and c.deal_id = o.deal_id
where c.share >= %(share)s;
