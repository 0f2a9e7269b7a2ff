-- one row per stage and currency: deals that are open; without a rate an amount stays in its own currency
with told as (
    select
        stage_name,
        stage_position,
        case
            when reporting_amount is null and amount is not null then currency
            else coalesce(reporting_currency, currency)
        end as currency,
        coalesce(reporting_amount, amount) as amount,
        case when reporting_amount is null then weighted_amount else reporting_weighted_amount end as weighted_amount
    from mart.deal
    where status = 'open'
)

select
    stage_name,
    currency,
    min(stage_position) as stage_position,
    count(*) as open_deals,
    coalesce(sum(amount), 0) as amount,
    coalesce(sum(weighted_amount), 0) as weighted_amount
from told
group by stage_name, currency
order by stage_position, stage_name, currency;
