-- one row per segment at the end of the month before and at the end of the window's last whole month: customers
select
    month_on,
    segment_before,
    segment,
    customers
from mart.customer_segment_migration
where
    month_on = (
        select max(n.month_on)
        from mart.customer_rfm_monthly as n
        where
            n.month_on <= %(last_day)s
            and exists (
                select 1 from mart.customer_rfm_monthly as p
                where p.month_on = (date_trunc('month', n.month_on) - interval '1 day')::date
            )
    )
order by segment_before collate "C", segment collate "C";
