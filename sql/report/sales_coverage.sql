-- one row per period under way at the window's end and member with a target
select
    period,
    period_start,
    dimension,
    member,
    target_amount,
    won_amount,
    open_pipeline,
    coverage,
    reporting_currency
from mart.sales_coverage_daily
where day_on = %(last_day)s
order by period asc, dimension asc, target_amount desc, member collate "C";
