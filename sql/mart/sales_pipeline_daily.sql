-- one row per day, source, currency and stage: deals open at the end of the day
delete from mart.sales_pipeline_daily as m
using day as d
where m.day_on = d.day_on;

insert into mart.sales_pipeline_daily (
    day_on, source, currency, stage_name, stage_position, open_deals, amount, weighted_amount
)
with open_deal as (
    select
        d.day_on,
        d.ends_at,
        m.source,
        m.deal_id,
        m.currency,
        m.amount,
        case when m.status = 'open' then m.stage_name else 'unknown' end as stage_name,
        case when m.status = 'open' then m.stage_position end as stage_position,
        case when m.status = 'open' then m.probability else 0 end as probability
    from mart.deal as m
    inner join day as d on m.created_at < d.ends_at and (m.closed_at is null or m.closed_at >= d.ends_at)
),

-- the stage of the day's last instant; a deal without visits is where it is now, if that is no stage of closing
placed as (
    select
        o.day_on,
        o.source,
        o.currency,
        o.amount,
        coalesce(v.stage_name, o.stage_name) as stage_name,
        coalesce(v.stage_position, o.stage_position) as stage_position,
        coalesce(v.probability, o.probability) as probability
    from open_deal as o
    left join mart.deal_stage as v
        on
            o.source = v.source
            and o.deal_id = v.deal_id
            and v.status = 'open'
            and o.ends_at > v.entered_at
            and (v.exited_at is null or o.ends_at <= v.exited_at)
)

select
    day_on,
    source,
    currency,
    stage_name,
    min(stage_position) as stage_position,
    count(*) as open_deals,
    coalesce(sum(amount), 0) as amount,
    coalesce(sum(amount * probability), 0) as weighted_amount
from placed
group by day_on, source, currency, stage_name;
