-- one row: deals that figures leave something out of, and why
select
    count(*) filter (where not is_stage_known) as unknown_stage_deals,
    array_agg(distinct stage_name order by stage_name) filter (where not is_stage_known) as unknown_stages,
    count(*) filter (where amount is not null and reporting_amount is null) as unconverted_deals,
    array_agg(distinct currency order by currency) filter (where amount is not null and reporting_amount is null)
        as unconverted_currencies,
    min(reporting_currency) as reporting_currency,
    (
        select array_agg(distinct member order by member) from mart.sales_target
        where not is_known
    ) as unknown_targets
from mart.deal
where source = any(%(sources)s) and created_at < %(window_end)s and reporting_currency is not null;
