-- one row per budget of requests: how many of its requests cannot be made again yet, and when all can
select
    budget,
    count(*) filter (where free_at > %(now)s) as taken,
    max(free_at) filter (where free_at > %(now)s) as free_at
from ops.request_budget
group by budget;
