-- one row per stage of a pipeline, as it is now: the source's own, overridden by include/config/sales.yaml
delete from core.dim_pipeline_stage;

insert into core.dim_pipeline_stage (
    source, stage_key, pipeline_key, pipeline_name, stage_name, position, probability, status, process_name,
    process_stage, process_position, process_step, may_stay_days
)
with latest as (
    select distinct on (source_table, source_id)
        split_part(source_table, '__', 1) as source,
        stage_key,
        pipeline_key,
        pipeline_name,
        stage_name,
        position,
        probability,
        status,
        is_deleted
    from staging.pipeline_stage
    order by source_table asc, source_id asc, version_at desc, payload_hash desc
),

-- a key that two pipelines share is the first pipeline's
told as (
    select distinct on (source, stage_key)
        source,
        stage_key,
        pipeline_key,
        pipeline_name,
        stage_name,
        position,
        probability,
        status
    from latest
    where stage_key is not null and not is_deleted
    order by source asc, stage_key asc, pipeline_key collate "C" asc
),

-- stages of the source that the file leaves out come after those that it lists
listed as (
    select
        source,
        pipeline_name,
        count(*) as stages
    from configured_stage
    group by source, pipeline_name
),

named as (
    select
        coalesce(c.source, t.source) as source,
        coalesce(c.stage_key, t.stage_key) as stage_key,
        coalesce(t.pipeline_key, c.pipeline_name) as pipeline_key,
        coalesce(c.pipeline_name, t.pipeline_name) as pipeline_name,
        coalesce(c.stage_name, t.stage_name, c.stage_key, t.stage_key) as stage_name,
        coalesce(c.position, t.position + coalesce(l.stages, 0), 0) as position,
        coalesce(c.status, t.status, 'open') as status,
        coalesce(c.probability, t.probability, 0) as probability,
        c.process_name,
        c.process_stage,
        c.process_position,
        c.may_stay_days
    from configured_stage as c
    full outer join told as t on c.source = t.source and c.stage_key = t.stage_key
    left join listed as l on t.source = l.source and t.pipeline_name = l.pipeline_name
),

placed as (
    select
        source,
        stage_key,
        pipeline_key,
        pipeline_name,
        stage_name,
        position,
        probability,
        status,
        coalesce(process_name, coalesce(pipeline_name, pipeline_key, 'deals') || ' (' || source || ')') as process_name,
        coalesce(process_stage, stage_name) as process_stage,
        coalesce(process_position, position) as process_position,
        may_stay_days
    from named
)

select
    source,
    stage_key,
    pipeline_key,
    pipeline_name,
    stage_name,
    position,
    probability,
    status,
    process_name,
    process_stage,
    process_position,
    case
        when status <> 'lost'
            then dense_rank() over (partition by process_name, status = 'lost' order by process_position)
    end as process_step,
    may_stay_days
from placed;
