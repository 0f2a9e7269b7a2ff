-- leads whose end is known or will be: when, whether they were converted in time, and whose they are
select
    extract(epoch from decided_at)::double precision as at,
    (status = 'converted' and closed_at <= decided_at)::integer as is_won,
    rep_id,
    lead_source
from mart.lead;
