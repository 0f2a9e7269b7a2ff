-- one row per month of the first order, of the last twelve, and months after it: customers who ordered then
with bound as (
    select date_trunc('month', %(last_day)s::date - interval '11 months')::date as first_on
),

customer_order as (
    select
        customer_id,
        date_trunc('month', ordered_on)::date as month_on
    from mart.customer_order
    where source = any(%(sources)s) and ordered_at < %(window_end)s and customer_id is not null
),

cohort as (
    select
        customer_id,
        min(month_on) as cohort_on
    from customer_order
    group by customer_id
    having min(month_on) >= (select first_on from bound)
)

select
    c.cohort_on,
    (
        12 * (extract(year from o.month_on) - extract(year from c.cohort_on))
        + extract(month from o.month_on) - extract(month from c.cohort_on)
    )::integer as months_later,
    count(distinct c.customer_id) as customers
from cohort as c
inner join customer_order as o on c.customer_id = o.customer_id
group by c.cohort_on, months_later
order by c.cohort_on, months_later;
