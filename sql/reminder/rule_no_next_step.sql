-- one row per deal for which nothing is planned: since when nothing happened with it
create temp table quiet on commit drop as
select
    'deal' as subject_kind,
    o.source,
    o.deal_id as subject_id,
    o.rep_id,
    o.stage_name as stage,
    o.amount,
    o.currency,
    o.probability,
    o.calendar,
    o.today,
    (a.last_at at time zone o.timezone)::date as last_on
from open_deal as o
inner join deal_activity as a on o.source = a.source and o.deal_id = a.deal_id
where not a.has_next;
