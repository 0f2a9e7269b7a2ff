-- deals known by a day, by the weeks of their creation and end: those open then have no end
select
    date_trunc('week', created_at)::date as created_week,
    case
        when closed_at < (%(known_to)s::date + 1)::timestamptz then date_trunc('week', closed_at)::date
    end as ended_week,
    coalesce(status = 'won' and closed_at < (%(known_to)s::date + 1)::timestamptz, false) as is_won,
    count(*) as deals,
    coalesce(sum(reporting_amount) filter (where status = 'won'), 0) as amount
from mart.deal
where created_at < (%(known_to)s::date + 1)::timestamptz
group by 1, 2, 3
order by 1, 2, 3;
