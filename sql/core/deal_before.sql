-- what is told of the touched deals before it is told anew, as far as marts by day read it
create temp table deal_before on commit drop as
select
    d.source,
    d.deal_id,
    d.stage_key,
    d.amount,
    d.currency,
    d.owner_key,
    d.product_name,
    d.lead_source,
    d.created_at,
    d.closed_at,
    d.first_seen_at,
    d.is_deleted
from core.fct_deal as d
inner join touched_deal as t on d.source = split_part(t.source_table, '__', 1) and d.deal_id = t.source_id;

create temp table visit_before on commit drop as
select
    v.source,
    v.deal_id,
    v.visit_no,
    v.stage_key,
    v.entered_at,
    v.origin,
    v.is_mended
from core.fct_deal_stage as v
inner join deal_before as b on v.source = b.source and v.deal_id = b.deal_id;

create temp table close_date_before on commit drop as
select
    e.source,
    e.deal_id,
    e.version_no,
    e.expected_close_on,
    e.known_from
from core.fct_deal_close_date as e
inner join deal_before as b on e.source = b.source and e.deal_id = b.deal_id;

analyze deal_before;
analyze visit_before;
analyze close_date_before;
