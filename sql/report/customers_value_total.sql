-- one row: the day that customers are valued as of, those of the currency, and what they are worth together
select
    max(as_of_on) as as_of_on,
    count(*) filter (where currency = %(currency)s) as customers,
    sum(p_alive) filter (where currency = %(currency)s) as alive,
    sum(expected_purchases) filter (where currency = %(currency)s) as expected_purchases,
    sum(lifetime_value) filter (where currency = %(currency)s) as lifetime_value
from mart.customer_value;
