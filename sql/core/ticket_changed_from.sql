-- one row: the first instant from which marts by day have something else to tell of service than before
with answer_after as (
    select
        d.source,
        d.answer_id,
        d.survey,
        d.score,
        d.answered_at
    from core.fct_survey_answer as d
    inner join touched_survey_answer as t
        on d.source = split_part(t.source_table, '__', 1) and d.answer_id = t.source_id
),

answer_change as (
    (
        select * from answer_before
        except
        select * from answer_after
    )
    union all
    (
        select * from answer_after
        except
        select * from answer_before
    )
)

select
    least(
        (select min(c.changed_at) from ticket_change as c),
        (select min(c.answered_at) from answer_change as c)
    ) as changed_from;
