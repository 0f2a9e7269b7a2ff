-- one row per customer, the fifteen of the currency who are worth most at the window's end
select
    v.customer_id,
    c.full_name,
    c.email,
    v.segment,
    v.p_alive,
    v.p_alive_low_95,
    v.p_alive_high_95,
    v.expected_purchases,
    v.expected_spend,
    v.lifetime_value,
    v.lifetime_value_low_80,
    v.lifetime_value_high_80,
    v.lifetime_value_low_95,
    v.lifetime_value_high_95,
    v.churn_risk
from mart.customer_value as v
left join customer_state as c on v.customer_id = c.customer_id
where v.as_of_on = %(last_day)s and v.currency = %(currency)s and v.lifetime_value is not null
order by v.lifetime_value desc, v.customer_id collate "C"
limit 15;
