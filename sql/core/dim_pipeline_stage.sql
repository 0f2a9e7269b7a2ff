-- one row per stage of a pipeline, as it is now: the source's own, overridden by include/config/sales.yaml
delete from core.dim_pipeline_stage;

insert into core.dim_pipeline_stage (
    source, stage_key, pipeline_key, pipeline_name, stage_name, position, probability, status
)
with told as (
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
named as (
    select distinct on (t.source, t.stage_key)
        t.source,
        t.stage_key,
        t.pipeline_key,
        t.pipeline_name,
        coalesce(t.stage_name, t.stage_key) as stage_name,
        coalesce(t.position, 0) as position,
        coalesce(t.probability, 0) as probability,
        coalesce(t.status, 'open') as status
    from told as t
    left join configured_stage as c on t.source = c.source and t.stage_key = c.stage_key
    where c.stage_key is null and t.stage_key is not null and not t.is_deleted
    order by t.source asc, t.stage_key asc, t.pipeline_key collate "C" asc
)

select
    source,
    stage_key,
    pipeline_key,
    pipeline_name,
    stage_name,
    position,
    probability,
    status
from configured_stage
union all
select
    source,
    stage_key,
    pipeline_key,
    pipeline_name,
    stage_name,
    position,
    probability,
    status
from named;
