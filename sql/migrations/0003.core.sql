-- Core: one shape whatever the source. Facts carry the keys of their source; core.customer_link says whose they are.

create table core.customer_link (
    source text not null,
    record_key text not null,
    match_key text not null,
    customer_id text not null,
    constraint pk_customer_link primary key (source, record_key)
);
comment on table core.customer_link is 'one row per source record of a person: which customer it is';
comment on column core.customer_link.source is 'name of the source';
comment on column core.customer_link.record_key is 'key of the record in the source; an order''s e-mail address as email:…';
comment on column core.customer_link.match_key is 'what records are matched by: the normalised e-mail address, else the record itself';
comment on column core.customer_link.customer_id is 'the customer, made from the smallest member''s key';

create index customer_link_by_match on core.customer_link (match_key);
create index customer_link_by_customer on core.customer_link (customer_id);
create table core.dim_customer (
    customer_id text not null,
    valid_from timestamptz not null,
    valid_to timestamptz,
    is_current boolean not null,
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
    constraint pk_dim_customer primary key (customer_id, valid_from)
);
comment on table core.dim_customer is 'one row per customer and period in which nothing about them changed';
comment on column core.dim_customer.customer_id is 'the customer';
comment on column core.dim_customer.valid_from is 'start of the period, included';
comment on column core.dim_customer.valid_to is 'end of the period, excluded; null for the present';
comment on column core.dim_customer.is_current is 'whether the period is the present one';
comment on column core.dim_customer.full_name is 'name';
comment on column core.dim_customer.email is 'e-mail address, lower case';
comment on column core.dim_customer.phone is 'telephone number as given';
comment on column core.dim_customer.job_title is 'job title';
comment on column core.dim_customer.company_id is 'the company, in core.dim_company';
comment on column core.dim_customer.company_name is 'the company''s name as the person''s record has it';
comment on column core.dim_customer.country is 'country as given';
comment on column core.dim_customer.city is 'city as given';
comment on column core.dim_customer.language is 'language as given';
comment on column core.dim_customer.lifecycle_stage is 'the source''s word for how far the customer is';
comment on column core.dim_customer.first_seen_at is 'earliest creation that a source tells, else its first version';

create table core.dim_company (
    company_id text not null,
    valid_from timestamptz not null,
    valid_to timestamptz,
    is_current boolean not null,
    source text not null,
    name text,
    domain text,
    industry text,
    country text,
    city text,
    employees bigint,
    annual_revenue numeric,
    parent_name text,
    is_deleted boolean not null,
    constraint pk_dim_company primary key (company_id, valid_from)
);
comment on table core.dim_company is 'one row per company and period in which nothing about it changed';
comment on column core.dim_company.company_id is 'source and key of the company';
comment on column core.dim_company.valid_from is 'start of the period, included';
comment on column core.dim_company.valid_to is 'end of the period, excluded; null for the present';
comment on column core.dim_company.is_current is 'whether the period is the present one';
comment on column core.dim_company.source is 'name of the source';
comment on column core.dim_company.name is 'name';
comment on column core.dim_company.domain is 'web domain, lower case';
comment on column core.dim_company.industry is 'industry as given';
comment on column core.dim_company.country is 'country as given';
comment on column core.dim_company.city is 'city as given';
comment on column core.dim_company.employees is 'number of employees';
comment on column core.dim_company.annual_revenue is 'revenue a year, in the source''s unit';
comment on column core.dim_company.parent_name is 'name of the parent company';
comment on column core.dim_company.is_deleted is 'whether the source says that it is gone';

create table core.dim_rep (
    rep_id text not null,
    valid_from timestamptz not null,
    valid_to timestamptz,
    is_current boolean not null,
    source text not null,
    full_name text,
    email text,
    team text,
    manager text,
    region text,
    is_active boolean,
    constraint pk_dim_rep primary key (rep_id, valid_from)
);
comment on table core.dim_rep is 'one row per person who works for us and period in which nothing about them changed';
comment on column core.dim_rep.rep_id is 'source and key of the rep or agent';
comment on column core.dim_rep.valid_from is 'start of the period, included';
comment on column core.dim_rep.valid_to is 'end of the period, excluded; null for the present';
comment on column core.dim_rep.is_current is 'whether the period is the present one';
comment on column core.dim_rep.source is 'name of the source';
comment on column core.dim_rep.full_name is 'name';
comment on column core.dim_rep.email is 'e-mail address, lower case';
comment on column core.dim_rep.team is 'sales team or support group';
comment on column core.dim_rep.manager is 'name of the manager';
comment on column core.dim_rep.region is 'region or office';
comment on column core.dim_rep.is_active is 'whether the account is active';

create table core.dim_product (
    source text not null,
    product_key text not null,
    name text not null,
    match_key text not null,
    series text,
    list_price numeric,
    currency text,
    constraint pk_dim_product primary key (source, product_key)
);
comment on table core.dim_product is 'one row per product of a source''s list, as it is now';
comment on column core.dim_product.source is 'name of the source';
comment on column core.dim_product.product_key is 'key in the list';
comment on column core.dim_product.name is 'name in the list';
comment on column core.dim_product.match_key is 'the name''s letters and digits in lower case: GTXPro and GTX Pro are one';
comment on column core.dim_product.series is 'product line';
comment on column core.dim_product.list_price is 'price in the list';
comment on column core.dim_product.currency is 'ISO 4217 code';

create table core.dim_pipeline_stage (
    source text not null,
    stage_key text not null,
    pipeline_key text,
    pipeline_name text,
    stage_name text not null,
    position integer not null,
    probability numeric not null,
    status text not null,
    constraint pk_dim_pipeline_stage primary key (source, stage_key)
);
comment on table core.dim_pipeline_stage is 'one row per stage of a pipeline, as it is now';
comment on column core.dim_pipeline_stage.source is 'name of the source';
comment on column core.dim_pipeline_stage.stage_key is 'key of the stage, as deals carry it';
comment on column core.dim_pipeline_stage.pipeline_key is 'key of the pipeline';
comment on column core.dim_pipeline_stage.pipeline_name is 'name of the pipeline';
comment on column core.dim_pipeline_stage.stage_name is 'name of the stage';
comment on column core.dim_pipeline_stage.position is 'place in the order, from 0';
comment on column core.dim_pipeline_stage.probability is 'chance of winning, 0 to 1';
comment on column core.dim_pipeline_stage.status is 'open, won or lost';

create table core.fct_deal (
    source text not null,
    deal_id text not null,
    name text,
    pipeline_key text,
    stage_key text,
    amount numeric,
    currency text,
    owner_key text,
    company_key text,
    customer_key text,
    product_name text,
    lead_source text,
    created_at timestamptz,
    closed_at timestamptz,
    lost_reason text,
    first_seen_at timestamptz not null,
    is_deleted boolean not null,
    constraint pk_fct_deal primary key (source, deal_id)
);
comment on table core.fct_deal is 'one row per deal, as its latest version tells';
comment on column core.fct_deal.source is 'name of the source';
comment on column core.fct_deal.deal_id is 'key in the source';
comment on column core.fct_deal.name is 'name of the deal';
comment on column core.fct_deal.pipeline_key is 'key of the pipeline';
comment on column core.fct_deal.stage_key is 'key of the stage';
comment on column core.fct_deal.amount is 'amount in currency';
comment on column core.fct_deal.currency is 'ISO 4217 code';
comment on column core.fct_deal.owner_key is 'key of the rep';
comment on column core.fct_deal.company_key is 'key of the company';
comment on column core.fct_deal.customer_key is 'key of the person';
comment on column core.fct_deal.product_name is 'product as given';
comment on column core.fct_deal.lead_source is 'where the deal came from';
comment on column core.fct_deal.created_at is 'when the deal was made; null when the source does not tell';
comment on column core.fct_deal.closed_at is 'close date: expected while open, actual once closed';
comment on column core.fct_deal.lost_reason is 'why it was lost';
comment on column core.fct_deal.first_seen_at is 'version time of the first version that we have';
comment on column core.fct_deal.is_deleted is 'whether the source says that it is gone';

create table core.fct_deal_stage (
    source text not null,
    deal_id text not null,
    visit_no integer not null,
    stage_key text not null,
    entered_at timestamptz not null,
    exited_at timestamptz,
    constraint pk_fct_deal_stage primary key (source, deal_id, visit_no)
);
comment on table core.fct_deal_stage is 'one row per visit of a deal to a stage';
comment on column core.fct_deal_stage.source is 'name of the source';
comment on column core.fct_deal_stage.deal_id is 'key of the deal';
comment on column core.fct_deal_stage.visit_no is 'number of the visit, from 1';
comment on column core.fct_deal_stage.stage_key is 'key of the stage';
comment on column core.fct_deal_stage.entered_at is 'when the visit began';
comment on column core.fct_deal_stage.exited_at is 'when it ended; null while it lasts';

create table core.fct_ticket (
    source text not null,
    ticket_id text not null,
    subject text,
    description text,
    status text,
    priority text,
    channel text,
    tags text,
    requester_key text,
    assignee_key text,
    group_key text,
    company_key text,
    created_at timestamptz not null,
    updated_at timestamptz,
    is_deleted boolean not null,
    constraint pk_fct_ticket primary key (source, ticket_id)
);
comment on table core.fct_ticket is 'one row per ticket, as its latest version tells';
comment on column core.fct_ticket.source is 'name of the source';
comment on column core.fct_ticket.ticket_id is 'key in the source';
comment on column core.fct_ticket.subject is 'subject';
comment on column core.fct_ticket.description is 'first message';
comment on column core.fct_ticket.status is 'new, open, pending, hold, solved, closed or deleted';
comment on column core.fct_ticket.priority is 'low, normal, high or urgent';
comment on column core.fct_ticket.channel is 'how it came';
comment on column core.fct_ticket.tags is 'tags, separated by commas';
comment on column core.fct_ticket.requester_key is 'key of the asking person';
comment on column core.fct_ticket.assignee_key is 'key of the agent';
comment on column core.fct_ticket.group_key is 'key of the group';
comment on column core.fct_ticket.company_key is 'key of the organisation';
comment on column core.fct_ticket.created_at is 'when it was opened';
comment on column core.fct_ticket.updated_at is 'when it was changed last';
comment on column core.fct_ticket.is_deleted is 'whether the source says that it is gone';

create table core.fct_ticket_event (
    source text not null,
    event_id text not null,
    update_key text not null,
    ticket_id text not null,
    event_at timestamptz not null,
    author_key text,
    field text not null,
    old_value text,
    new_value text,
    constraint pk_fct_ticket_event primary key (source, event_id)
);
comment on table core.fct_ticket_event is 'one row per change of a field of a ticket';
comment on column core.fct_ticket_event.source is 'name of the source';
comment on column core.fct_ticket_event.event_id is 'key of the update and of the change in it';
comment on column core.fct_ticket_event.update_key is 'key of the update in the source';
comment on column core.fct_ticket_event.ticket_id is 'key of the ticket';
comment on column core.fct_ticket_event.event_at is 'when it happened';
comment on column core.fct_ticket_event.author_key is 'key of the person who did it';
comment on column core.fct_ticket_event.field is 'status, assignee, group, priority, satisfaction, …';
comment on column core.fct_ticket_event.old_value is 'value before';
comment on column core.fct_ticket_event.new_value is 'value after';

create index fct_ticket_event_by_ticket on core.fct_ticket_event (source, ticket_id, event_at);
create index fct_ticket_event_by_update on core.fct_ticket_event (source, update_key);
create table core.fct_message (
    source text not null,
    message_id text not null,
    update_key text not null,
    ticket_id text not null,
    author_key text,
    is_public boolean not null,
    channel text,
    body text,
    sent_at timestamptz not null,
    constraint pk_fct_message primary key (source, message_id)
);
comment on table core.fct_message is 'one row per message on a ticket';
comment on column core.fct_message.source is 'name of the source';
comment on column core.fct_message.message_id is 'key of the update and of the message in it';
comment on column core.fct_message.update_key is 'key of the update in the source';
comment on column core.fct_message.ticket_id is 'key of the ticket';
comment on column core.fct_message.author_key is 'key of the person who wrote it';
comment on column core.fct_message.is_public is 'whether the customer can see it';
comment on column core.fct_message.channel is 'how it came';
comment on column core.fct_message.body is 'text as received';
comment on column core.fct_message.sent_at is 'when it was written';

create index fct_message_by_ticket on core.fct_message (source, ticket_id, sent_at);
create index fct_message_by_update on core.fct_message (source, update_key);
create table core.fct_satisfaction (
    source text not null,
    rating_id text not null,
    ticket_id text not null,
    customer_key text,
    score text,
    comment text,
    rated_at timestamptz not null,
    constraint pk_fct_satisfaction primary key (source, rating_id)
);
comment on table core.fct_satisfaction is 'one row per rating of a ticket, as its latest version tells';
comment on column core.fct_satisfaction.source is 'name of the source';
comment on column core.fct_satisfaction.rating_id is 'key of the rating in the source';
comment on column core.fct_satisfaction.ticket_id is 'key of the ticket';
comment on column core.fct_satisfaction.customer_key is 'key of the person who rated';
comment on column core.fct_satisfaction.score is 'good, bad, offered or unoffered';
comment on column core.fct_satisfaction.comment is 'what they wrote';
comment on column core.fct_satisfaction.rated_at is 'when the rating was given';

create table core.fct_activity (
    source text not null,
    activity_type text not null,
    activity_id text not null,
    subject text,
    owner_key text,
    deal_key text,
    customer_key text,
    occurred_at timestamptz,
    is_completed boolean,
    is_deleted boolean not null,
    constraint pk_fct_activity primary key (source, activity_type, activity_id)
);
comment on table core.fct_activity is 'one row per sales activity, as its latest version tells';
comment on column core.fct_activity.source is 'name of the source';
comment on column core.fct_activity.activity_type is 'call, email, meeting or task';
comment on column core.fct_activity.activity_id is 'key in the source';
comment on column core.fct_activity.subject is 'subject or title';
comment on column core.fct_activity.owner_key is 'key of the rep';
comment on column core.fct_activity.deal_key is 'key of the deal';
comment on column core.fct_activity.customer_key is 'key of the person';
comment on column core.fct_activity.occurred_at is 'when it took or takes place';
comment on column core.fct_activity.is_completed is 'whether it is done';
comment on column core.fct_activity.is_deleted is 'whether the source says that it is gone';

create table core.fct_order_line (
    source text not null,
    order_id text not null,
    line_no integer not null,
    ordered_at timestamptz not null,
    customer_key text,
    sku text,
    product_name text,
    quantity numeric,
    unit_price numeric,
    amount numeric,
    currency text,
    country text,
    constraint pk_fct_order_line primary key (source, order_id, line_no)
);
comment on table core.fct_order_line is 'one row per line of an order, as its latest version tells';
comment on column core.fct_order_line.source is 'name of the source';
comment on column core.fct_order_line.order_id is 'key of the order';
comment on column core.fct_order_line.line_no is 'number of the line';
comment on column core.fct_order_line.ordered_at is 'when it was ordered';
comment on column core.fct_order_line.customer_key is 'the e-mail address as email:…, in lower case';
comment on column core.fct_order_line.sku is 'article number';
comment on column core.fct_order_line.product_name is 'product as given';
comment on column core.fct_order_line.quantity is 'pieces; negative for a return';
comment on column core.fct_order_line.unit_price is 'price of one piece in currency';
comment on column core.fct_order_line.amount is 'quantity × unit_price';
comment on column core.fct_order_line.currency is 'ISO 4217 code';
comment on column core.fct_order_line.country is 'country of delivery as given';

create table core.business_time (
    schedule text not null,
    day_on date not null,
    from_at timestamptz not null,
    to_at timestamptz not null,
    is_open boolean not null,
    seconds_before bigint not null,
    constraint pk_business_time primary key (schedule, day_on, from_at)
);
comment on table core.business_time is 'one row per piece of a UTC day that a schedule is open or closed: the one place that decides business time';
comment on column core.business_time.schedule is 'name of the schedule in include/config/service.yaml';
comment on column core.business_time.day_on is 'the UTC day';
comment on column core.business_time.from_at is 'start of the piece, included';
comment on column core.business_time.to_at is 'end of the piece, excluded';
comment on column core.business_time.is_open is 'whether the schedule is open in the piece';
comment on column core.business_time.seconds_before is 'open seconds of the schedule before the piece, from its first day on';
