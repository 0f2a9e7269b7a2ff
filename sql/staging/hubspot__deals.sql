-- one row per version of a deal
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    p.dealname as name,
    p.pipeline as pipeline_key,
    p.dealstage as stage_key,
    p.amount,
    p.deal_currency_code as currency,
    p.hubspot_owner_id as owner_key,
    c.company_key,
    r.contacts -> 0 ->> 'toObjectId' as customer_key,
    p.hs_analytics_source as lead_source,
    p.createdate as created_at,
    p.closedate as closed_at,
    p.closed_lost_reason as lost_reason,
    h.stage_history,
    e.close_history,
    string_to_array(nullif(p.hs_merged_object_ids, ''), ';') as merged_keys,
    r.archived as is_deleted
from batch as b
cross join
    lateral json_to_record(b.payload -> 'properties')
        as p (
            dealname text,
            pipeline text,
            dealstage text,
            amount text,
            deal_currency_code text,
            hubspot_owner_id text,
            hs_analytics_source text,
            createdate text,
            closedate text,
            closed_lost_reason text,
            hs_merged_object_ids text
        )
cross join
    lateral json_to_record(b.payload)
        as r (
            archived text,
            companies json,
            contacts json,
            history json
        )
-- of several companies the one that is associated as the primary one, which is type 5 from deals to companies
left join lateral (
    select a.association ->> 'toObjectId' as company_key
    from json_array_elements(r.companies) with ordinality as a (association, no)
    order by
        exists (
            select 1 from json_array_elements(a.association -> 'associationTypes') as t (type)
            where t.type ->> 'typeId' = '5'
        ) desc,
        a.no asc
    limit 1
) as c on true
-- the source gives the newest move first
cross join
    lateral (
        select
            json_agg(json_build_object('stage', m.move ->> 'value', 'at', m.move ->> 'timestamp') order by m.no desc)
                as stage_history
        from json_array_elements(r.history -> 'dealstage') with ordinality as m (move, no)
    ) as h
cross join lateral (
    select
        json_agg(json_build_object('on', d.told ->> 'value', 'at', d.told ->> 'timestamp') order by d.no desc)
            as close_history
    from json_array_elements(r.history -> 'closedate') with ordinality as d (told, no)
) as e;
