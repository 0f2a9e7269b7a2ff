-- the deals that had closed by a day: since when, how many, and a checksum of them, of their ways and of what was done
select
    min(created_at) as first_at,
    count(*) as deals,
    md5(
        concat_ws(
            ' ',
            count(*),
            sum(
                hashtextextended(
                    concat_ws(
                        '|', source, deal_id, status, extract(epoch from created_at), extract(epoch from closed_at),
                        rep_id, product_name, lead_source, company_id
                    ),
                    0
                )
            ),
            (
                select
                    sum(
                        hashtextextended(
                            concat_ws(
                                '|', v.source, v.deal_id, v.stage_name, v.move, extract(epoch from v.entered_at)
                            ), 0
                        )
                    )
                from mart.deal_stage as v
                where v.entered_at < (%(known_to)s::date + 1)::timestamptz
            ),
            (
                select concat_ws(' ', count(*), sum(extract(epoch from a.occurred_at))) from core.fct_activity as a
                where not a.is_deleted and a.occurred_at < (%(known_to)s::date + 1)::timestamptz
            )
        )
    ) as fingerprint
from mart.deal
where status <> 'open' and closed_at < (%(known_to)s::date + 1)::timestamptz;
