-- the deals that had closed by a day: since when, how many, and a checksum of all that a model learns from
select
    min(created_at) as first_at,
    count(*) as deals,
    md5(
        concat_ws(
            ' ', count(*) filter (where status = 'won'), sum(extract(epoch from created_at)),
            sum(extract(epoch from closed_at)),
            (
                select concat_ws(' ', count(*), sum(extract(epoch from v.entered_at))) from mart.deal_stage as v
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
