-- one row per answer to how likely a customer is to recommend us, as its latest version tells
delete from core.fct_survey_answer as d
using touched_survey_answer as t
where d.source = split_part(t.source_table, '__', 1) and d.answer_id = t.source_id;

insert into core.fct_survey_answer (source, answer_id, survey, score, comment, customer_key, answered_at)
select
    source,
    answer_id,
    survey,
    score,
    comment,
    customer_key,
    answered_at
from (
    select distinct on (s.source_table, s.source_id)
        split_part(s.source_table, '__', 1) as source,
        s.source_id as answer_id,
        coalesce(s.survey, '') as survey,
        s.score,
        s.comment,
        s.customer_key,
        coalesce(s.answered_at, s.version_at) as answered_at,
        s.is_deleted
    from staging.survey_answer as s
    inner join touched_survey_answer as t on s.source_table = t.source_table and s.source_id = t.source_id
    order by s.source_table asc, s.source_id asc, s.version_at desc, s.payload_hash desc
) as latest
where not is_deleted and score between 0 and 10;
