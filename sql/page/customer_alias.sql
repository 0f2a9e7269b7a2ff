-- one row per customer that an id names today, which it was given to before they were merged or split
select distinct customer_id
from core.customer_alias
where alias_id = %(customer_id)s
order by customer_id
limit 2;
