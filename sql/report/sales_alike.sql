-- one row: what was won and created in the period that is like the window, and whether any deal was known by its end
select
    count(*) filter (where status = 'won' and closed_at >= %(alike_start)s and closed_at < %(alike_end)s) as won_deals,
    coalesce(
        sum(amount) filter (
            where status = 'won' and closed_at >= %(alike_start)s and closed_at < %(alike_end)s
            and currency = %(currency)s
        ), 0
    ) as won_amount,
    count(*) filter (where created_at >= %(alike_start)s) as created_deals,
    count(*) filter (where created_at < %(alike_start)s) > 0 as is_known
from mart.deal
where source = any(%(sources)s) and created_at < %(alike_end)s;
