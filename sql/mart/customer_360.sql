-- one row per customer, as they are now: who they are, and what sales and service have to do with them
delete from mart.customer_360;

insert into mart.customer_360 (
    customer_id, full_name, given_name, family_name, email, phone, job_title, website, house_number, street, unit,
    postcode, city, state, country, language, birth_date, lifecycle_stage, company_id, company_name, company_domain,
    company_industry, owner_id, owner_name, given_by, filled_from, first_seen_at, records, sources, deals, open_deals,
    won_deals, lost_deals, deal_currency, open_amount, won_amount, deals_in_other_currencies, last_activity_at, tickets,
    open_tickets, last_ticket_at, good_ratings, bad_ratings, orders, first_order_at, last_order_at, order_currency,
    order_amount, orders_in_other_currencies, last_touch_at, completeness
)
with record as (
    select
        customer_id,
        count(*) as records,
        array_agg(distinct source order by source) as sources
    from core.customer_link
    group by customer_id
),

deal as (
    select
        l.customer_id,
        f.source,
        f.deal_id,
        f.owner_key,
        coalesce(f.created_at, f.first_seen_at) as created_at,
        coalesce(s.status, 'open') as status,
        coalesce(f.amount, 0) as amount,
        coalesce(f.currency, 'XXX') as currency
    from core.fct_deal as f
    inner join core.customer_link as l on f.source = l.source and f.customer_key = l.record_key
    left join core.dim_pipeline_stage as s on f.source = s.source and f.stage_key = s.stage_key
    where not f.is_deleted
),

deal_in as (
    select
        customer_id,
        currency,
        count(*) as deals,
        count(*) filter (where status = 'open') as open_deals,
        count(*) filter (where status = 'won') as won_deals,
        count(*) filter (where status = 'lost') as lost_deals,
        coalesce(sum(amount) filter (where status = 'open'), 0) as open_amount,
        coalesce(sum(amount) filter (where status = 'won'), 0) as won_amount,
        row_number() over (
            partition by customer_id order by count(*) desc, sum(amount) desc, currency asc
        ) as place
    from deal
    group by customer_id, currency
),

dealt as (
    select
        customer_id,
        sum(deals) as deals,
        sum(open_deals) as open_deals,
        sum(won_deals) as won_deals,
        sum(lost_deals) as lost_deals,
        max(currency) filter (where place = 1) as currency,
        sum(open_amount) filter (where place = 1) as open_amount,
        sum(won_amount) filter (where place = 1) as won_amount,
        coalesce(sum(deals) filter (where place > 1), 0) as in_others
    from deal_in
    group by customer_id
),

owned as (
    select
        customer_id,
        source,
        owner_key,
        0 as place,
        created_at as told_at,
        source || ':' || deal_id as told_by
    from deal
    where status = 'open' and owner_key is not null
    union all
    select
        l.customer_id,
        l.source,
        v.owner_key,
        1 as place,
        v.version_at as told_at,
        l.record_id as told_by
    from (
        select distinct on (source_table, source_id)
            source_table,
            source_id,
            version_at,
            owner_key,
            is_deleted
        from staging.customer
        order by source_table asc, source_id asc, version_at desc, payload_hash desc
    ) as v
    inner join core.customer_link as l
        on split_part(v.source_table, '__', 1) = l.source and v.source_id = l.record_key
    where v.owner_key is not null and not v.is_deleted
),

owner as (
    select distinct on (o.customer_id)
        o.customer_id,
        r.rep_id,
        r.full_name
    from owned as o
    inner join core.dim_rep as r on o.source || ':' || o.owner_key = r.rep_id and r.is_current
    order by o.customer_id asc, o.place asc, o.told_at desc, o.told_by collate "C" asc
),

activity as (
    select
        l.customer_id,
        max(f.occurred_at) as last_activity_at
    from core.fct_activity as f
    inner join core.customer_link as l on f.source = l.source and f.customer_key = l.record_key
    where not f.is_deleted and f.is_completed is not false
    group by l.customer_id
),

message as (
    select
        source,
        ticket_id,
        max(sent_at) as last_message_at
    from core.fct_message
    where is_public
    group by source, ticket_id
),

rating as (
    select distinct on (source, ticket_id)
        source,
        ticket_id,
        score,
        rated_at
    from core.fct_satisfaction
    where score in ('good', 'bad')
    order by source asc, ticket_id asc, rated_at desc, rating_id collate "C" desc
),

ticket as (
    select
        l.customer_id,
        count(*) as tickets,
        count(*) filter (where not coalesce(e.is_end, false)) as open_tickets,
        max(f.created_at) as last_ticket_at,
        count(*) filter (where r.score = 'good') as good_ratings,
        count(*) filter (where r.score = 'bad') as bad_ratings,
        max(greatest(f.created_at, m.last_message_at, r.rated_at)) as last_touch_at
    from core.fct_ticket as f
    inner join core.customer_link as l on f.source = l.source and f.requester_key = l.record_key
    left join message as m on f.source = m.source and f.ticket_id = m.ticket_id
    left join rating as r on f.source = r.source and f.ticket_id = r.ticket_id
    left join core.dim_ticket_status as e on f.status = e.status
    where not f.is_deleted
    group by l.customer_id
),

purchase_in as (
    select
        customer_id,
        currency,
        count(*) as orders,
        min(ordered_at) as first_order_at,
        max(ordered_at) as last_order_at,
        sum(amount) as amount,
        row_number() over (
            partition by customer_id order by count(distinct ordered_on) desc, max(ordered_at) desc, currency asc
        ) as place
    from mart.customer_order
    where customer_id is not null
    group by customer_id, currency
),

purchase as (
    select
        customer_id,
        sum(orders) as orders,
        min(first_order_at) as first_order_at,
        max(last_order_at) as last_order_at,
        max(currency) filter (where place = 1) as currency,
        sum(amount) filter (where place = 1) as amount,
        coalesce(sum(orders) filter (where place > 1), 0) as in_others
    from purchase_in
    group by customer_id
),

-- which fields the company's value may fill
fill as (
    select
        coalesce(bool_or(field = 'phone'), false) as phone,
        coalesce(bool_or(field = 'website'), false) as website,
        coalesce(bool_or(field = 'house_number'), false) as house_number,
        coalesce(bool_or(field = 'street'), false) as street,
        coalesce(bool_or(field = 'unit'), false) as unit,
        coalesce(bool_or(field = 'postcode'), false) as postcode,
        coalesce(bool_or(field = 'city'), false) as city,
        coalesce(bool_or(field = 'state'), false) as state,
        coalesce(bool_or(field = 'country'), false) as country
    from company_fill
),

-- parts of an address are the company's only where nothing of the person's own says that theirs is another one
addressed as (
    select
        c.*,
        f.name as own_company_name,
        f.domain as company_domain,
        f.industry as company_industry,
        f.phone as company_phone,
        f.house_number as company_house_number,
        f.street as company_street,
        f.unit as company_unit,
        f.postcode as company_postcode,
        f.city as company_city,
        f.state as company_state,
        f.country as company_country,
        (
            (c.house_number is null or coalesce(c.house_number = f.house_number, false))
            and (c.street is null or coalesce(c.street = f.street, false))
            and (c.unit is null or coalesce(c.unit = f.unit, false))
            and (c.postcode is null or coalesce(c.postcode = f.postcode, false))
            and (c.city is null or coalesce(c.city = f.city, false))
            and (c.state is null or coalesce(c.state = f.state, false))
            and (c.country is null or coalesce(c.country = f.country, false))
        ) as is_same_place
    from core.dim_customer as c
    left join core.dim_company as f on c.company_id = f.company_id and f.is_current
    where c.is_current and not c.is_deleted
),

filled as materialized (
    select
        a.customer_id,
        case when x.phone and a.phone is null then a.company_phone end as phone,
        case when x.website and a.website is null then a.company_domain end as website,
        case when x.house_number and a.is_same_place and a.house_number is null then a.company_house_number end
            as house_number,
        case when x.street and a.is_same_place and a.street is null then a.company_street end as street,
        case when x.unit and a.is_same_place and a.unit is null then a.company_unit end as unit,
        case when x.postcode and a.is_same_place and a.postcode is null then a.company_postcode end as postcode,
        case when x.city and a.is_same_place and a.city is null then a.company_city end as city,
        case when x.state and a.is_same_place and a.state is null then a.company_state end as state,
        case when x.country and a.is_same_place and a.country is null then a.company_country end as country
    from addressed as a
    cross join fill as x
    where a.company_id is not null
)

select
    c.customer_id,
    c.full_name,
    c.given_name,
    c.family_name,
    c.email,
    coalesce(c.phone, e.phone) as phone,
    c.job_title,
    coalesce(c.website, e.website) as website,
    coalesce(c.house_number, e.house_number) as house_number,
    coalesce(c.street, e.street) as street,
    coalesce(c.unit, e.unit) as unit,
    coalesce(c.postcode, e.postcode) as postcode,
    coalesce(c.city, e.city) as city,
    coalesce(c.state, e.state) as state,
    coalesce(c.country, e.country) as country,
    c.language,
    c.birth_date,
    c.lifecycle_stage,
    c.company_id,
    coalesce(c.company_name, c.own_company_name) as company_name,
    c.company_domain,
    c.company_industry,
    w.rep_id as owner_id,
    w.full_name as owner_name,
    c.given_by,
    case
        when
            coalesce(
                e.phone, e.website, e.house_number, e.street, e.unit,
                e.postcode, e.city, e.state, e.country
            ) is null
            then '{}'
        else jsonb_strip_nulls(
            jsonb_build_object(
                'phone', case when e.phone is not null then c.company_id end,
                'website', case when e.website is not null then c.company_id end,
                'house_number', case when e.house_number is not null then c.company_id end,
                'street', case when e.street is not null then c.company_id end,
                'unit', case when e.unit is not null then c.company_id end,
                'postcode', case when e.postcode is not null then c.company_id end,
                'city', case when e.city is not null then c.company_id end,
                'state', case when e.state is not null then c.company_id end,
                'country', case when e.country is not null then c.company_id end
            )
        )
    end as filled_from,
    c.first_seen_at,
    r.records,
    r.sources,
    coalesce(d.deals, 0) as deals,
    coalesce(d.open_deals, 0) as open_deals,
    coalesce(d.won_deals, 0) as won_deals,
    coalesce(d.lost_deals, 0) as lost_deals,
    d.currency as deal_currency,
    coalesce(d.open_amount, 0) as open_amount,
    coalesce(d.won_amount, 0) as won_amount,
    coalesce(d.in_others, 0) as deals_in_other_currencies,
    a.last_activity_at,
    coalesce(t.tickets, 0) as tickets,
    coalesce(t.open_tickets, 0) as open_tickets,
    t.last_ticket_at,
    coalesce(t.good_ratings, 0) as good_ratings,
    coalesce(t.bad_ratings, 0) as bad_ratings,
    coalesce(p.orders, 0) as orders,
    p.first_order_at,
    p.last_order_at,
    p.currency as order_currency,
    coalesce(p.amount, 0) as order_amount,
    coalesce(p.in_others, 0) as orders_in_other_currencies,
    greatest(a.last_activity_at, t.last_touch_at, p.last_order_at) as last_touch_at,
    num_nonnulls(
        c.full_name, c.email, c.phone, coalesce(c.company_name, c.own_company_name), c.country, c.language
    ) / 6.0 as completeness
from addressed as c
inner join record as r on c.customer_id = r.customer_id
left join filled as e on c.customer_id = e.customer_id
left join owner as w on c.customer_id = w.customer_id
left join dealt as d on c.customer_id = d.customer_id
left join activity as a on c.customer_id = a.customer_id
left join ticket as t on c.customer_id = t.customer_id
left join purchase as p on c.customer_id = p.customer_id;
