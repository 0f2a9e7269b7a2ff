-- one row per stage: deals open in it at the window's end; amounts in the main currency
select
    stage_name,
    min(stage_position) as stage_position,
    count(*) as open_deals,
    coalesce(sum(amount) filter (where currency = %(currency)s), 0) as pipeline,
    coalesce(sum(amount * probability) filter (where currency = %(currency)s), 0) as weighted_pipeline
from open_deal
where period = 'current'
group by stage_name
order by stage_position, stage_name collate "C";
