-- deals that have closed: when, whether they were won, and whose they are
select
    extract(epoch from closed_at)::double precision as at,
    (status = 'won')::integer as is_won,
    rep_id,
    product_name,
    lead_source,
    company_id
from mart.deal
where status <> 'open' and closed_at is not null;
