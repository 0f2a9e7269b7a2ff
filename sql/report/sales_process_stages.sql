-- one row per process and standard stage on the way to winning
select
    process_name,
    process_step,
    min(process_stage) as stage_name
from core.dim_pipeline_stage
where source = any(%(sources)s) and process_step is not null
group by process_name, process_step
order by process_name collate "C", process_step;
