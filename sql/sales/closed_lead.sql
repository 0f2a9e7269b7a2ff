-- the leads whose end is known by a day, all of those made by then: since when, how many, and a checksum of them, of
-- their stages and of what was done
select
    min(created_at) as first_at,
    count(*) as leads,
    md5(
        concat_ws(
            ' ',
            count(*),
            sum(
                hashtextextended(
                    concat_ws(
                        '|', source, lead_id, status, extract(epoch from created_at), extract(epoch from decided_at),
                        rep_id, lead_source
                    ),
                    0
                )
            ),
            (
                select
                    sum(
                        hashtextextended(
                            concat_ws('|', v.source, v.lead_id, v.stage_name, extract(epoch from v.entered_at)), 0
                        )
                    )
                from core.fct_lead_stage as v
                where v.entered_at < (%(known_to)s::date + 1)::timestamptz
            ),
            (
                select concat_ws(' ', count(*), sum(extract(epoch from a.occurred_at)))
                from core.fct_activity as a
                inner join mart.lead as l on a.source = l.source and a.customer_key = l.lead_id
                where not a.is_deleted and a.occurred_at < (%(known_to)s::date + 1)::timestamptz
            )
        )
    ) as fingerprint
from mart.lead
where created_at < (%(known_to)s::date + 1)::timestamptz - interval '180 days';
