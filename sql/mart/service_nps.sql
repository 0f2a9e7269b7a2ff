-- one row per period, source and survey with answers: net promoter score
delete from mart.service_nps as m
using period as p
where m.period = p.period and m.period_start = p.period_start;

insert into mart.service_nps (period, period_start, source, survey, promoters, passives, detractors, nps)
select
    p.period,
    p.period_start,
    a.source,
    a.survey,
    count(*) filter (where a.score >= 9) as promoters,
    count(*) filter (where a.score between 7 and 8) as passives,
    count(*) filter (where a.score <= 6) as detractors,
    (count(*) filter (where a.score >= 9) - count(*) filter (where a.score <= 6))::numeric / count(*) as nps
from core.fct_survey_answer as a
inner join period as p on a.answered_at::date between p.period_start and p.period_end
cross join as_of as o
where a.answered_at < o.ends_at
group by p.period, p.period_start, a.source, a.survey;
