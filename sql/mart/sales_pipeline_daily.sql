-- one row per day, source, currency and stage: deals open at the end of the day
delete from mart.sales_pipeline_daily as m
using day as d
where m.day_on = d.day_on;

insert into mart.sales_pipeline_daily (
    day_on, source, currency, stage_name, stage_position, open_deals, amount, weighted_amount
)
with span as (
    select
        min(day_on) as first_on,
        max(day_on) as last_on
    from day
),

-- open at the end of the days from open_on to before closed_on; a deal that was in no open stage then is where it is
-- now, if that is no stage of closing
deal as (
    select
        m.source,
        m.deal_id,
        m.currency,
        coalesce(m.amount, 0) as amount,
        greatest(m.created_at::date, s.first_on) as open_on,
        least(m.closed_at::date, s.last_on + 1) as closed_on,
        case when m.status = 'open' then m.stage_name else 'unknown' end as stage_name,
        case when m.status = 'open' then m.stage_position end as stage_position,
        case when m.status = 'open' then m.probability else 0 end as probability
    from mart.deal as m
    inner join span as s
        on m.created_at::date <= s.last_on and (m.closed_at is null or m.closed_at::date > s.first_on)
),

visit as (
    select
        d.source,
        d.deal_id,
        v.stage_name,
        v.stage_position,
        v.probability,
        greatest(d.open_on, v.entered_at::date) as from_on,
        least(d.closed_on, v.exited_at::date) as to_on
    from deal as d
    inner join mart.deal_stage as v on d.source = v.source and d.deal_id = v.deal_id
    where v.status = 'open'
),

-- what each stay adds on the day that it begins and takes away on the day that it ends; out of a deal's whole time,
-- the visits are taken
stay as (
    select
        source,
        deal_id,
        stage_name,
        stage_position,
        probability,
        open_on as from_on,
        closed_on as to_on,
        1 as deals
    from deal
    where open_on < closed_on
    union all
    select
        d.source,
        d.deal_id,
        x.stage_name,
        x.stage_position,
        x.probability,
        v.from_on,
        v.to_on,
        x.deals
    from visit as v
    inner join deal as d on v.source = d.source and v.deal_id = d.deal_id
    cross join
        lateral (
            values
            (v.stage_name, v.stage_position, v.probability, 1),
            (d.stage_name, d.stage_position, d.probability, -1)
        ) as x (stage_name, stage_position, probability, deals)
    where v.from_on < v.to_on
),

change as (
    select
        s.source,
        d.currency,
        s.stage_name,
        x.day_on,
        min(s.stage_position) as stage_position,
        sum(x.sign * s.deals) as deals,
        sum(x.sign * s.deals * d.amount) as amount,
        sum(x.sign * s.deals * d.amount * s.probability) as weighted_amount
    from stay as s
    inner join deal as d on s.source = d.source and s.deal_id = d.deal_id
    cross join lateral (values (s.from_on, 1), (s.to_on, -1)) as x (day_on, sign)
    group by s.source, d.currency, s.stage_name, x.day_on
),

stage as (
    select
        source,
        currency,
        stage_name,
        min(stage_position) as stage_position
    from change
    group by source, currency, stage_name
),

summed as (
    select
        source,
        currency,
        stage_name,
        day_on,
        is_wanted,
        sum(deals) over w as open_deals,
        sum(amount) over w as amount,
        sum(weighted_amount) over w as weighted_amount
    from (
        select
            source,
            currency,
            stage_name,
            day_on,
            false as is_wanted,
            deals,
            amount,
            weighted_amount
        from change
        union all
        select
            s.source,
            s.currency,
            s.stage_name,
            d.day_on,
            true as is_wanted,
            0 as deals,
            0 as amount,
            0 as weighted_amount
        from stage as s
        cross join day as d
    ) as c
    window w as (partition by source, currency, stage_name order by day_on)
)

select
    t.day_on,
    t.source,
    t.currency,
    t.stage_name,
    s.stage_position,
    t.open_deals,
    -- 100 and not 100.00, whatever came and went before
    trim_scale(t.amount) as amount,
    trim_scale(t.weighted_amount) as weighted_amount
from summed as t
inner join stage as s on t.source = s.source and t.currency = s.currency and t.stage_name = s.stage_name
where t.is_wanted and t.open_deals > 0;
