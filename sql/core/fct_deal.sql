-- one row per deal, as its latest version tells
delete from core.fct_deal as d
using touched_deal as t
where d.source = split_part(t.source_table, '__', 1) and d.deal_id = t.source_id;

insert into core.fct_deal (
    source, deal_id, name, pipeline_key, stage_key, amount, currency, owner_key, company_key, customer_key,
    product_name, lead_source, created_at, closed_at, lost_reason, first_seen_at, is_deleted
)
select distinct on (s.source_table, s.source_id)
    split_part(s.source_table, '__', 1) as source,
    s.source_id as deal_id,
    s.name,
    s.pipeline_key,
    s.stage_key,
    s.amount,
    s.currency,
    s.owner_key,
    s.company_key,
    s.customer_key,
    s.product_name,
    s.lead_source,
    s.created_at,
    s.closed_at,
    s.lost_reason,
    min(s.version_at) over (partition by s.source_table, s.source_id) as first_seen_at,
    s.is_deleted or m.source_id is not null as is_deleted
from staging.deal as s
inner join touched_deal as t on s.source_table = t.source_table and s.source_id = t.source_id
left join merged_deal as m on s.source_table = m.source_table and s.source_id = m.source_id
order by s.source_table asc, s.source_id asc, s.version_at desc, s.payload_hash desc;
