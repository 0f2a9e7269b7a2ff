-- one row per country as given: customers known at the window's end, and new in it
select
    country,
    count(*) as customers,
    count(*) filter (where first_seen_at >= %(window_start)s) as new_customers
from customer_state
group by country
order by customers desc, new_customers desc, country collate "C";
