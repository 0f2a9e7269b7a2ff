-- one row per version of a customer's golden record, the latest first
select
    valid_from,
    valid_to,
    full_name,
    given_name,
    family_name,
    email,
    phone,
    job_title,
    company_name,
    website,
    street,
    house_number,
    unit,
    postcode,
    city,
    state,
    country,
    language,
    birth_date,
    lifecycle_stage,
    is_deleted
from core.dim_customer
where customer_id = %(customer_id)s
order by valid_from desc
limit %(most)s;
