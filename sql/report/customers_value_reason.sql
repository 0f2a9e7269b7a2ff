-- one row per model that there is not at the window's end: why
select
    model,
    reason
from (
    select distinct on (model)
        model,
        scores ->> 'reason' as reason
    from ops.model_run
    where
        subject in ('customers', 'customers ' || %(currency)s)
        and window_end <= %(window_end)s
    order by model asc, window_end desc, trained_at desc
) as latest
where reason is not null;
