-- what is not kept of the tickets' topics: those of other models, of older tickets, of tickets that are gone
delete from mart.ticket_topic as k
where
    k.model_run_id <> %(model_run_id)s
    or not exists (
        select from mart.ticket as t
        where t.source = k.source and t.ticket_id = k.ticket_id and t.created_at >= %(first_day)s::date::timestamptz
    );
