-- one row: the first instant from which marts by day have something else to tell of the touched deals than before
with deal_after as (
    select
        d.source,
        d.deal_id,
        d.stage_key,
        d.amount,
        d.currency,
        d.owner_key,
        d.product_name,
        d.lead_source,
        d.created_at,
        d.closed_at,
        d.first_seen_at,
        d.is_deleted
    from core.fct_deal as d
    inner join touched_deal as t on d.source = split_part(t.source_table, '__', 1) and d.deal_id = t.source_id
),

-- of a new deal, which is new as a whole, the first visit is enough
visit_after as (
    select
        v.source,
        v.deal_id,
        v.visit_no,
        v.stage_key,
        v.entered_at,
        v.origin,
        v.is_mended
    from core.fct_deal_stage as v
    inner join touched_deal as t on v.source = split_part(t.source_table, '__', 1) and v.deal_id = t.source_id
    left join deal_before as b on v.source = b.source and v.deal_id = b.deal_id
    where b.deal_id is not null or v.visit_no = 1
),

version as (
    select
        *,
        false as is_after
    from deal_before
    union all
    select
        *,
        true as is_after
    from deal_after
),

visit as (
    select
        *,
        false as is_after
    from visit_before
    union all
    select
        *,
        true as is_after
    from visit_after
),

way as (
    select
        d.source,
        d.deal_id,
        d.is_after,
        min(v.entered_at) as first_at,
        max(v.entered_at) filter (where v.stage_key = d.stage_key) as last_at,
        min(v.entered_at) filter (where p.status <> 'open') as left_at
    from version as d
    inner join visit as v on d.source = v.source and d.deal_id = v.deal_id and d.is_after = v.is_after
    left join core.dim_pipeline_stage as p on v.source = p.source and v.stage_key = p.stage_key
    group by d.source, d.deal_id, d.is_after
),

told as (
    select
        d.*,
        w.first_at,
        coalesce(p.status, 'open') as status,
        case when p.status <> 'open' then coalesce(d.closed_at, w.last_at) end as ended_at,
        -- where no visit to an open stage tells it, the deal is shown in the stage in which it is now
        least(
            case
                when w.first_at is null or w.first_at::date > coalesce(d.created_at, d.first_seen_at)::date
                    then coalesce(d.created_at, d.first_seen_at)
            end,
            w.left_at
        ) as untold_from
    from version as d
    left join way as w on d.source = w.source and d.deal_id = w.deal_id and d.is_after = w.is_after
    left join core.dim_pipeline_stage as p on d.source = p.source and d.stage_key = p.stage_key
),

told_before as (
    select * from told
    where not is_after
),

told_after as (
    select * from told
    where is_after
),

visit_change as (
    (
        select * from visit_before
        except
        select * from visit_after
    )
    union all
    (
        select * from visit_after
        except
        select * from visit_before
    )
),

moved as (
    select
        source,
        deal_id,
        min(entered_at) as moved_at
    from visit_change
    where (source, deal_id) in (select
        b.source,
        b.deal_id
    from deal_before as b)
    group by source, deal_id
),

close_date_after as (
    select
        e.source,
        e.deal_id,
        e.version_no,
        e.expected_close_on,
        e.known_from
    from core.fct_deal_close_date as e
    inner join deal_before as b on e.source = b.source and e.deal_id = b.deal_id
),

close_date_change as (
    (
        select * from close_date_before
        except
        select * from close_date_after
    )
    union all
    (
        select * from close_date_after
        except
        select * from close_date_before
    )
),

changed as (
    select
        least(
            -- of these only the present value is known, which stands for all of the deal's time
            case
                when
                    row(
                        b.source, b.amount, b.currency, b.owner_key, b.product_name, b.lead_source, b.created_at,
                        coalesce(b.created_at, b.first_seen_at), b.is_deleted
                    ) is distinct from row(
                        a.source, a.amount, a.currency, a.owner_key, a.product_name, a.lead_source, a.created_at,
                        coalesce(a.created_at, a.first_seen_at), a.is_deleted
                    )
                    then least(
                        b.created_at, b.first_seen_at, b.ended_at, b.first_at,
                        a.created_at, a.first_seen_at, a.ended_at, a.first_at
                    )
            end,
            case when b.stage_key is distinct from a.stage_key then least(b.untold_from, a.untold_from) end,
            -- the way of a deal is told by the time of its end
            case
                when row(b.status, b.ended_at) is distinct from row(a.status, a.ended_at) or m.moved_at is not null
                    then least(b.ended_at, a.ended_at)
            end,
            m.moved_at
        ) as changed_at
    from told_before as b
    full outer join told_after as a on b.source = a.source and b.deal_id = a.deal_id
    left join moved as m on coalesce(a.source, b.source) = m.source and coalesce(a.deal_id, b.deal_id) = m.deal_id
)

select
    least(
        (select min(c.changed_at) from changed as c),
        (select min(e.known_from) from close_date_change as e)
    ) as changed_from;
