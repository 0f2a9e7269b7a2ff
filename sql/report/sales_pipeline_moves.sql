-- one row: the pipeline at the window's start and end in the main currency, and what came in and left between
with now_open as (
    select
        source,
        deal_id,
        amount
    from open_deal
    where period = 'current' and currency = %(currency)s
),

open_before as (
    select
        source,
        deal_id,
        amount
    from open_deal
    where period = 'previous' and currency = %(currency)s
),

pair as (
    select
        n.deal_id is not null as is_open,
        b.deal_id is not null as was_open,
        d.status,
        coalesce(n.amount, 0) as amount,
        coalesce(b.amount, 0) as amount_before
    from now_open as n
    full outer join open_before as b on n.source = b.source and n.deal_id = b.deal_id
    left join mart.deal as d
        on coalesce(n.source, b.source) = d.source and coalesce(n.deal_id, b.deal_id) = d.deal_id
)

select
    coalesce(sum(amount_before), 0) as at_start,
    coalesce(sum(amount) filter (where not was_open), 0) as came_in,
    coalesce(sum(amount_before) filter (where not is_open and status = 'won'), 0) as won,
    coalesce(sum(amount_before) filter (where not is_open and status is distinct from 'won'), 0) as lost,
    coalesce(sum(amount), 0) as at_end
from pair;
