-- one row per priority and age: tickets not solved, closed or deleted at the window's end
with banded as (
    select
        priority,
        case
            when age_days < 1 then '0-1 days'
            when age_days < 3 then '1-3 days'
            when age_days < 7 then '3-7 days'
            when age_days < 30 then '7-30 days'
            else 'over 30 days'
        end as age_band
    from ticket_state
    where period = 'current' and is_waiting
)

select
    priority,
    age_band,
    count(*) as tickets
from banded
group by priority, age_band
order by priority collate "C", age_band collate "C";
