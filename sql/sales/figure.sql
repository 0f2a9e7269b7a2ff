-- the figure of a series from one day to another, both included
select
    case %(series)s
        when 'bookings'
            then (
                select sum(reporting_amount) from mart.deal
                where status = 'won' and closed_at >= %(first)s::date and closed_at < %(last)s::date + 1
            )
        when 'new_deals'
            then (
                select count(*) from mart.deal
                where created_at >= %(first)s::date and created_at < %(last)s::date + 1
            )
        when 'activities'
            then (
                select count(*) from core.fct_activity
                where not is_deleted and occurred_at >= %(first)s::date and occurred_at < %(last)s::date + 1
            )
    end as figure;
