-- companies that had deals by the end of a day, and how they had behaved by then
select
    company_id,
    min(company_name) as company_name,
    count(*)::double precision as deals,
    (
        (count(*) filter (where is_won) + 1.0) / (count(*) filter (where is_won or is_lost) + 2.0)
    )::double precision as win_rate,
    coalesce(sum(reporting_amount) filter (where is_won), 0)::double precision as won_amount,
    count(*) filter (where not is_won and not is_lost)::double precision as open_deals,
    extract(epoch from (%(on_day)s::date + 1)::timestamptz - max(created_at))::double precision / 86400
        as days_since_deal,
    extract(epoch from (%(on_day)s::date + 1)::timestamptz - min(created_at))::double precision / 86400 as tenure_days
from (
    select
        company_id,
        company_name,
        created_at,
        reporting_amount,
        coalesce(status = 'won' and closed_at < (%(on_day)s::date + 1)::timestamptz, false) as is_won,
        coalesce(status = 'lost' and closed_at < (%(on_day)s::date + 1)::timestamptz, false) as is_lost
    from mart.deal
    where company_id is not null and created_at < (%(on_day)s::date + 1)::timestamptz
) as d
group by company_id
order by company_id collate "C";
