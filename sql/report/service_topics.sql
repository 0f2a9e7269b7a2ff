-- one row per topic, as of the window's last day, those with most tickets first; how many there are
select
    s.language,
    s.topic,
    s.words,
    s.tickets,
    s.tickets_before,
    s.growth,
    s.breached_share,
    s.good_ratings + s.bad_ratings as ratings,
    s.csat,
    s.example_tickets,
    s.is_new,
    sum(s.tickets) over () as all_tickets,
    count(*) over () as topics
from mart.service_topic as s
where s.known_to = (%(window_end)s at time zone %(timezone)s)::date - 1 and s.tickets > 0
order by s.tickets desc, s.language asc, s.topic asc
limit 25;
