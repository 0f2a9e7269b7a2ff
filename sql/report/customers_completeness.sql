-- one row: customers with each field of the golden record filled at the window's end, and the mean share
select
    count(*) as customers,
    count(full_name) as with_full_name,
    count(email) as with_email,
    count(phone) as with_phone,
    count(company_name) as with_company_name,
    count(country) as with_country,
    count(language) as with_language,
    avg(num_nonnulls(full_name, email, phone, company_name, country, language) / 6.0) as completeness
from customer_state;
