-- Marts: one table a question. Instants are kept, so that any past day's figure goes by event time:
-- a deal is open at t when created_at < t and closed_at is null or closed_at >= t.

create table mart.deal (
    source text not null,
    deal_id text not null,
    deal_name text,
    status text not null,
    pipeline_name text,
    stage_name text not null,
    stage_position integer,
    probability numeric not null,
    amount numeric,
    currency text not null,
    weighted_amount numeric,
    rep_id text,
    rep_name text,
    team text,
    manager text,
    region text,
    company_id text,
    company_name text,
    customer_id text,
    product_name text,
    lead_source text,
    created_at timestamptz not null,
    closed_at timestamptz,
    expected_close_on date,
    sales_cycle_days numeric,
    lost_reason text,
    constraint pk_deal primary key (source, deal_id)
);
comment on table mart.deal is 'one row per deal that the source still has, with names in place of keys';
comment on column mart.deal.source is 'name of the source';
comment on column mart.deal.deal_id is 'key in the source';
comment on column mart.deal.deal_name is 'name of the deal';
comment on column mart.deal.status is 'won, lost or open';
comment on column mart.deal.pipeline_name is 'name of the pipeline';
comment on column mart.deal.stage_name is 'name of the stage; the key itself when no pipeline names it';
comment on column mart.deal.stage_position is 'place of the stage in the order, from 0';
comment on column mart.deal.probability is 'chance of winning, 0 to 1: 1 when won, 0 when lost';
comment on column mart.deal.amount is 'amount in currency';
comment on column mart.deal.currency is 'ISO 4217 code; XXX when the source tells none';
comment on column mart.deal.weighted_amount is 'amount × probability';
comment on column mart.deal.rep_id is 'the rep, in core.dim_rep';
comment on column mart.deal.rep_name is 'name of the rep';
comment on column mart.deal.team is 'team of the rep';
comment on column mart.deal.manager is 'manager of the rep';
comment on column mart.deal.region is 'region of the rep';
comment on column mart.deal.company_id is 'the company, in core.dim_company; null for a deal without one';
comment on column mart.deal.company_name is 'name of the company';
comment on column mart.deal.customer_id is 'the customer, in core.dim_customer';
comment on column mart.deal.product_name is 'product, by its name in the product list where that has it';
comment on column mart.deal.lead_source is 'where the deal came from';
comment on column mart.deal.created_at is 'when the deal was made; first seen when the source does not tell';
comment on column mart.deal.closed_at is 'when it was won or lost; null while open';
comment on column mart.deal.expected_close_on is 'the close date of an open deal';
comment on column mart.deal.sales_cycle_days is 'days from created to closed; null while open or when the source does not tell both';
comment on column mart.deal.lost_reason is 'why it was lost';

create table mart.deal_stage (
    source text not null,
    deal_id text not null,
    visit_no integer not null,
    stage_key text not null,
    stage_name text not null,
    stage_position integer,
    probability numeric not null,
    status text not null,
    entered_at timestamptz not null,
    exited_at timestamptz,
    days_in_stage numeric,
    constraint pk_deal_stage primary key (source, deal_id, visit_no)
);
comment on table mart.deal_stage is 'one row per visit of a deal to a stage, with names';
comment on column mart.deal_stage.source is 'name of the source';
comment on column mart.deal_stage.deal_id is 'key of the deal';
comment on column mart.deal_stage.visit_no is 'number of the visit, from 1';
comment on column mart.deal_stage.stage_key is 'key of the stage';
comment on column mart.deal_stage.stage_name is 'name of the stage';
comment on column mart.deal_stage.stage_position is 'place in the order, from 0';
comment on column mart.deal_stage.probability is 'chance of winning in this stage, 0 to 1';
comment on column mart.deal_stage.status is 'open, won or lost: what being in this stage means';
comment on column mart.deal_stage.entered_at is 'when the visit began';
comment on column mart.deal_stage.exited_at is 'when it ended; null while it lasts';
comment on column mart.deal_stage.days_in_stage is 'days from entered to exited; null while it lasts';

create table mart.sales_daily (
    day_on date not null,
    source text not null,
    currency text not null,
    created_deals bigint not null,
    created_amount numeric not null,
    won_deals bigint not null,
    won_amount numeric not null,
    lost_deals bigint not null,
    lost_amount numeric not null,
    constraint pk_sales_daily primary key (day_on, source, currency)
);
comment on table mart.sales_daily is 'one row per day, source and currency: deals created, won and lost on that day';
comment on column mart.sales_daily.day_on is 'business day';
comment on column mart.sales_daily.source is 'name of the source';
comment on column mart.sales_daily.currency is 'ISO 4217 code; XXX when the source tells none';
comment on column mart.sales_daily.created_deals is 'deals created';
comment on column mart.sales_daily.created_amount is 'their amount';
comment on column mart.sales_daily.won_deals is 'deals won';
comment on column mart.sales_daily.won_amount is 'their amount';
comment on column mart.sales_daily.lost_deals is 'deals lost';
comment on column mart.sales_daily.lost_amount is 'their amount';

create table mart.sales_pipeline_daily (
    day_on date not null,
    source text not null,
    currency text not null,
    stage_name text not null,
    stage_position integer,
    open_deals bigint not null,
    amount numeric not null,
    weighted_amount numeric not null,
    constraint pk_sales_pipeline_daily primary key (day_on, source, currency, stage_name)
);
comment on table mart.sales_pipeline_daily is 'one row per day, source, currency and stage: deals open at the end of the day';
comment on column mart.sales_pipeline_daily.day_on is 'business day';
comment on column mart.sales_pipeline_daily.source is 'name of the source';
comment on column mart.sales_pipeline_daily.currency is 'ISO 4217 code; XXX when the source tells none';
comment on column mart.sales_pipeline_daily.stage_name is 'the stage they were in at the end of the day';
comment on column mart.sales_pipeline_daily.stage_position is 'place of the stage in the order';
comment on column mart.sales_pipeline_daily.open_deals is 'open deals';
comment on column mart.sales_pipeline_daily.amount is 'pipeline: their amount';
comment on column mart.sales_pipeline_daily.weighted_amount is 'weighted pipeline: sum of amount × stage probability';

create table mart.ticket (
    source text not null,
    ticket_id text not null,
    subject text,
    status text not null,
    priority text,
    channel text,
    group_key text,
    assignee_id text,
    assignee_name text,
    customer_id text,
    company_name text,
    created_at timestamptz not null,
    first_reply_at timestamptz,
    first_solved_at timestamptz,
    last_solved_at timestamptz,
    first_reply_minutes numeric,
    first_reply_business_minutes numeric,
    first_resolution_minutes numeric,
    first_resolution_business_minutes numeric,
    full_resolution_minutes numeric,
    full_resolution_business_minutes numeric,
    agent_wait_minutes numeric,
    requester_wait_minutes numeric,
    on_hold_minutes numeric,
    public_replies bigint not null,
    reopens bigint not null,
    assignee_handoffs bigint not null,
    group_handoffs bigint not null,
    satisfaction text,
    rated_at timestamptz,
    constraint pk_ticket primary key (source, ticket_id)
);
comment on table mart.ticket is 'one row per ticket that the source still has, with all its times';
comment on column mart.ticket.source is 'name of the source';
comment on column mart.ticket.ticket_id is 'key in the source';
comment on column mart.ticket.subject is 'subject';
comment on column mart.ticket.status is 'status now';
comment on column mart.ticket.priority is 'low, normal, high or urgent';
comment on column mart.ticket.channel is 'how it came';
comment on column mart.ticket.group_key is 'key of the group';
comment on column mart.ticket.assignee_id is 'the agent, in core.dim_rep';
comment on column mart.ticket.assignee_name is 'name of the agent';
comment on column mart.ticket.customer_id is 'the asking customer, in core.dim_customer';
comment on column mart.ticket.company_name is 'name of the organisation';
comment on column mart.ticket.created_at is 'when it was opened';
comment on column mart.ticket.first_reply_at is 'first public reply of an agent; the second one on a ticket that an agent opened';
comment on column mart.ticket.first_solved_at is 'when it was first solved; closed where it was never solved';
comment on column mart.ticket.last_solved_at is 'when it was last solved';
comment on column mart.ticket.first_reply_minutes is 'created to first reply, calendar minutes; null without a reply';
comment on column mart.ticket.first_reply_business_minutes is 'the same in business minutes';
comment on column mart.ticket.first_resolution_minutes is 'created to first solved, calendar minutes';
comment on column mart.ticket.first_resolution_business_minutes is 'the same in business minutes';
comment on column mart.ticket.full_resolution_minutes is 'created to last solved, calendar minutes';
comment on column mart.ticket.full_resolution_business_minutes is 'the same in business minutes';
comment on column mart.ticket.agent_wait_minutes is 'calendar minutes in pending';
comment on column mart.ticket.requester_wait_minutes is 'calendar minutes in new, open and hold';
comment on column mart.ticket.on_hold_minutes is 'calendar minutes in hold';
comment on column mart.ticket.public_replies is 'public comments of agents';
comment on column mart.ticket.reopens is 'times solved less one, at least 0';
comment on column mart.ticket.assignee_handoffs is 'times that the assignee changed from one agent to another';
comment on column mart.ticket.group_handoffs is 'times that the group changed from one to another';
comment on column mart.ticket.satisfaction is 'good or bad; null when unrated';
comment on column mart.ticket.rated_at is 'when it was rated';

create table mart.ticket_status (
    source text not null,
    ticket_id text not null,
    stay_no integer not null,
    status text not null,
    entered_at timestamptz not null,
    exited_at timestamptz,
    constraint pk_ticket_status primary key (source, ticket_id, stay_no)
);
comment on table mart.ticket_status is 'one row per stay of a ticket in a status';
comment on column mart.ticket_status.source is 'name of the source';
comment on column mart.ticket_status.ticket_id is 'key of the ticket';
comment on column mart.ticket_status.stay_no is 'number of the stay, from 1';
comment on column mart.ticket_status.status is 'new, open, pending, hold, solved, closed or deleted';
comment on column mart.ticket_status.entered_at is 'when the stay began';
comment on column mart.ticket_status.exited_at is 'when it ended; null while it lasts';

create table mart.service_daily (
    day_on date not null,
    source text not null,
    created_tickets bigint not null,
    solved_tickets bigint not null,
    reopened_tickets bigint not null,
    first_replies bigint not null,
    good_ratings bigint not null,
    bad_ratings bigint not null,
    constraint pk_service_daily primary key (day_on, source)
);
comment on table mart.service_daily is 'one row per day and source: what happened to tickets on that day';
comment on column mart.service_daily.day_on is 'business day';
comment on column mart.service_daily.source is 'name of the source';
comment on column mart.service_daily.created_tickets is 'tickets opened';
comment on column mart.service_daily.solved_tickets is 'tickets solved for the last time';
comment on column mart.service_daily.reopened_tickets is 'times that a solved ticket was opened again';
comment on column mart.service_daily.first_replies is 'tickets that got their first reply';
comment on column mart.service_daily.good_ratings is 'tickets rated good';
comment on column mart.service_daily.bad_ratings is 'tickets rated bad';

create table mart.service_backlog_daily (
    day_on date not null,
    source text not null,
    priority text not null,
    age_band text not null,
    tickets bigint not null,
    constraint pk_service_backlog_daily primary key (day_on, source, priority, age_band)
);
comment on table mart.service_backlog_daily is 'one row per day, source, priority and age: tickets not solved, closed or deleted at the end of the day';
comment on column mart.service_backlog_daily.day_on is 'business day';
comment on column mart.service_backlog_daily.source is 'name of the source';
comment on column mart.service_backlog_daily.priority is 'low, normal, high, urgent, or none';
comment on column mart.service_backlog_daily.age_band is 'age at the end of the day: 0-1 days, 1-3 days, 3-7 days, 7-30 days, over 30 days';
comment on column mart.service_backlog_daily.tickets is 'tickets';

create table mart.customer (
    customer_id text not null,
    full_name text,
    email text,
    phone text,
    job_title text,
    company_id text,
    company_name text,
    country text,
    city text,
    language text,
    lifecycle_stage text,
    first_seen_at timestamptz not null,
    records bigint not null,
    sources text[] not null,
    deals bigint not null,
    won_deals bigint not null,
    tickets bigint not null,
    orders bigint not null,
    first_order_at timestamptz,
    last_order_at timestamptz,
    order_amount numeric not null,
    order_currency text,
    completeness numeric not null,
    constraint pk_customer primary key (customer_id)
);
comment on table mart.customer is 'one row per customer, as they are now';
comment on column mart.customer.customer_id is 'the customer';
comment on column mart.customer.full_name is 'name';
comment on column mart.customer.email is 'e-mail address';
comment on column mart.customer.phone is 'telephone number';
comment on column mart.customer.job_title is 'job title';
comment on column mart.customer.company_id is 'the company, in core.dim_company';
comment on column mart.customer.company_name is 'name of the company';
comment on column mart.customer.country is 'country as given';
comment on column mart.customer.city is 'city as given';
comment on column mart.customer.language is 'language as given';
comment on column mart.customer.lifecycle_stage is 'the source''s word for how far the customer is';
comment on column mart.customer.first_seen_at is 'when a source first had them';
comment on column mart.customer.records is 'source records that are this customer';
comment on column mart.customer.sources is 'the sources that have them';
comment on column mart.customer.deals is 'deals on which they are the contact';
comment on column mart.customer.won_deals is 'of these, won';
comment on column mart.customer.tickets is 'tickets they asked';
comment on column mart.customer.orders is 'orders';
comment on column mart.customer.first_order_at is 'first order';
comment on column mart.customer.last_order_at is 'last order';
comment on column mart.customer.order_amount is 'amount of all orders, in order_currency';
comment on column mart.customer.order_currency is 'currency of their orders; MIXED when several';
comment on column mart.customer.completeness is 'share of name, e-mail, phone, company, country and language that is filled, 0 to 1';

create table mart.customer_order (
    source text not null,
    order_id text not null,
    customer_id text,
    ordered_at timestamptz not null,
    ordered_on date not null,
    amount numeric not null,
    currency text not null,
    lines bigint not null,
    constraint pk_customer_order primary key (source, order_id)
);
comment on table mart.customer_order is 'one row per order: whose, when, how much';
comment on column mart.customer_order.source is 'name of the source';
comment on column mart.customer_order.order_id is 'key of the order';
comment on column mart.customer_order.customer_id is 'the customer';
comment on column mart.customer_order.ordered_at is 'when it was ordered';
comment on column mart.customer_order.ordered_on is 'business day of the order';
comment on column mart.customer_order.amount is 'amount of its lines';
comment on column mart.customer_order.currency is 'ISO 4217 code; XXX when the source tells none';
comment on column mart.customer_order.lines is 'number of lines';

create table mart.customer_daily (
    day_on date not null,
    new_customers bigint not null,
    ordering_customers bigint not null,
    orders bigint not null,
    constraint pk_customer_daily primary key (day_on)
);
comment on table mart.customer_daily is 'one row per day: new and buying customers';
comment on column mart.customer_daily.day_on is 'business day';
comment on column mart.customer_daily.new_customers is 'customers first seen on the day';
comment on column mart.customer_daily.ordering_customers is 'customers who ordered on the day';
comment on column mart.customer_daily.orders is 'orders of the day';

create table mart.order_daily (
    day_on date not null,
    source text not null,
    currency text not null,
    orders bigint not null,
    amount numeric not null,
    constraint pk_order_daily primary key (day_on, source, currency)
);
comment on table mart.order_daily is 'one row per day, source and currency: orders';
comment on column mart.order_daily.day_on is 'business day';
comment on column mart.order_daily.source is 'name of the source';
comment on column mart.order_daily.currency is 'ISO 4217 code; XXX when the source tells none';
comment on column mart.order_daily.orders is 'orders of the day';
comment on column mart.order_daily.amount is 'their amount';
