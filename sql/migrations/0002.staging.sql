-- Staging: one parent table a kind of record. Every source's table is a partition of it,
-- so that a new source needs no new core statement, and all sources have one shape by construction.

create table staging.customer (
    source_table text not null,
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    is_deleted boolean not null default false,
    role text,
    email text,
    phone text,
    full_name text,
    given_name text,
    family_name text,
    job_title text,
    company_key text,
    company_name text,
    country text,
    city text,
    language text,
    lifecycle_stage text,
    owner_key text,
    created_at timestamptz
) partition by list (source_table);
comment on table staging.customer is 'one row per version of a person that a source knows';
comment on column staging.customer.source_table is 'the partition: source, two underscores, entity';
comment on column staging.customer.source_id is 'the record''s own key';
comment on column staging.customer.version_at is 'version time of the record';
comment on column staging.customer.payload_hash is 'hash of the record in raw';
comment on column staging.customer.load_id is 'the load that brought it first';
comment on column staging.customer.is_deleted is 'whether the source says that it is gone';
comment on column staging.customer.role is 'customer or agent';
comment on column staging.customer.email is 'e-mail address as given';
comment on column staging.customer.phone is 'telephone number as given';
comment on column staging.customer.full_name is 'name as given';
comment on column staging.customer.given_name is 'first name, where the source keeps it apart';
comment on column staging.customer.family_name is 'last name, where the source keeps it apart';
comment on column staging.customer.job_title is 'job title';
comment on column staging.customer.company_key is 'key of the person''s company in the same source';
comment on column staging.customer.company_name is 'company''s name, where the source has only that';
comment on column staging.customer.country is 'country as given';
comment on column staging.customer.city is 'city as given';
comment on column staging.customer.language is 'language as given';
comment on column staging.customer.lifecycle_stage is 'the source''s word for how far the customer is';
comment on column staging.customer.owner_key is 'key of the rep in the same source';
comment on column staging.customer.created_at is 'when the source made the record';

create table staging.company (
    source_table text not null,
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    is_deleted boolean not null default false,
    name text,
    domain text,
    industry text,
    country text,
    city text,
    employees bigint,
    annual_revenue numeric,
    parent_name text,
    created_at timestamptz
) partition by list (source_table);
comment on table staging.company is 'one row per version of a company that a source knows';
comment on column staging.company.source_table is 'the partition: source, two underscores, entity';
comment on column staging.company.source_id is 'the record''s own key';
comment on column staging.company.version_at is 'version time of the record';
comment on column staging.company.payload_hash is 'hash of the record in raw';
comment on column staging.company.load_id is 'the load that brought it first';
comment on column staging.company.is_deleted is 'whether the source says that it is gone';
comment on column staging.company.name is 'name as given';
comment on column staging.company.domain is 'web domain';
comment on column staging.company.industry is 'industry as given';
comment on column staging.company.country is 'country as given';
comment on column staging.company.city is 'city as given';
comment on column staging.company.employees is 'number of employees';
comment on column staging.company.annual_revenue is 'revenue a year, in the source''s unit';
comment on column staging.company.parent_name is 'name of the parent company';
comment on column staging.company.created_at is 'when the source made the record';

create table staging.rep (
    source_table text not null,
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    is_deleted boolean not null default false,
    full_name text,
    email text,
    team text,
    manager text,
    region text,
    is_active boolean
) partition by list (source_table);
comment on table staging.rep is 'one row per version of a person who works for us';
comment on column staging.rep.source_table is 'the partition: source, two underscores, entity';
comment on column staging.rep.source_id is 'the record''s own key';
comment on column staging.rep.version_at is 'version time of the record';
comment on column staging.rep.payload_hash is 'hash of the record in raw';
comment on column staging.rep.load_id is 'the load that brought it first';
comment on column staging.rep.is_deleted is 'whether the source says that it is gone';
comment on column staging.rep.full_name is 'name';
comment on column staging.rep.email is 'e-mail address';
comment on column staging.rep.team is 'sales team or support group';
comment on column staging.rep.manager is 'name of the manager';
comment on column staging.rep.region is 'region or office';
comment on column staging.rep.is_active is 'whether the account is active';

create table staging.product (
    source_table text not null,
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    is_deleted boolean not null default false,
    name text,
    series text,
    list_price numeric,
    currency text
) partition by list (source_table);
comment on table staging.product is 'one row per version of a product in a source''s list';
comment on column staging.product.source_table is 'the partition: source, two underscores, entity';
comment on column staging.product.source_id is 'the record''s own key';
comment on column staging.product.version_at is 'version time of the record';
comment on column staging.product.payload_hash is 'hash of the record in raw';
comment on column staging.product.load_id is 'the load that brought it first';
comment on column staging.product.is_deleted is 'whether the source says that it is gone';
comment on column staging.product.name is 'name in the list';
comment on column staging.product.series is 'product line';
comment on column staging.product.list_price is 'price in the list';
comment on column staging.product.currency is 'ISO 4217 code';

create table staging.pipeline_stage (
    source_table text not null,
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    is_deleted boolean not null default false,
    pipeline_key text,
    pipeline_name text,
    stage_key text,
    stage_name text,
    position integer,
    probability numeric,
    status text
) partition by list (source_table);
comment on table staging.pipeline_stage is 'one row per version of a stage of a source''s pipeline';
comment on column staging.pipeline_stage.source_table is 'the partition: source, two underscores, entity';
comment on column staging.pipeline_stage.source_id is 'the record''s own key';
comment on column staging.pipeline_stage.version_at is 'version time of the record';
comment on column staging.pipeline_stage.payload_hash is 'hash of the record in raw';
comment on column staging.pipeline_stage.load_id is 'the load that brought it first';
comment on column staging.pipeline_stage.is_deleted is 'whether the source says that it is gone';
comment on column staging.pipeline_stage.pipeline_key is 'key of the pipeline';
comment on column staging.pipeline_stage.pipeline_name is 'name of the pipeline';
comment on column staging.pipeline_stage.stage_key is 'key of the stage, as deals carry it';
comment on column staging.pipeline_stage.stage_name is 'name of the stage';
comment on column staging.pipeline_stage.position is 'place in the order, from 0';
comment on column staging.pipeline_stage.probability is 'chance of winning, 0 to 1';
comment on column staging.pipeline_stage.status is 'open, won or lost';

create table staging.deal (
    source_table text not null,
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    is_deleted boolean not null default false,
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
    stage_history jsonb
) partition by list (source_table);
comment on table staging.deal is 'one row per version of a deal';
comment on column staging.deal.source_table is 'the partition: source, two underscores, entity';
comment on column staging.deal.source_id is 'the record''s own key';
comment on column staging.deal.version_at is 'version time of the record';
comment on column staging.deal.payload_hash is 'hash of the record in raw';
comment on column staging.deal.load_id is 'the load that brought it first';
comment on column staging.deal.is_deleted is 'whether the source says that it is gone';
comment on column staging.deal.name is 'name of the deal';
comment on column staging.deal.pipeline_key is 'key of the pipeline in the same source';
comment on column staging.deal.stage_key is 'key of the stage in the same source';
comment on column staging.deal.amount is 'amount in currency';
comment on column staging.deal.currency is 'ISO 4217 code';
comment on column staging.deal.owner_key is 'key of the rep in the same source';
comment on column staging.deal.company_key is 'key of the company in the same source';
comment on column staging.deal.customer_key is 'key of the person in the same source';
comment on column staging.deal.product_name is 'product as given';
comment on column staging.deal.lead_source is 'where the deal came from';
comment on column staging.deal.created_at is 'when the deal was made';
comment on column staging.deal.closed_at is 'close date: expected while open, actual once closed';
comment on column staging.deal.lost_reason is 'why it was lost';
comment on column staging.deal.stage_history is 'array of {stage, at}: every move the source knows; null when it keeps none';

create table staging.ticket (
    source_table text not null,
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    is_deleted boolean not null default false,
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
    created_at timestamptz,
    updated_at timestamptz
) partition by list (source_table);
comment on table staging.ticket is 'one row per version of a ticket';
comment on column staging.ticket.source_table is 'the partition: source, two underscores, entity';
comment on column staging.ticket.source_id is 'the record''s own key';
comment on column staging.ticket.version_at is 'version time of the record';
comment on column staging.ticket.payload_hash is 'hash of the record in raw';
comment on column staging.ticket.load_id is 'the load that brought it first';
comment on column staging.ticket.is_deleted is 'whether the source says that it is gone';
comment on column staging.ticket.subject is 'subject';
comment on column staging.ticket.description is 'first message';
comment on column staging.ticket.status is 'new, open, pending, hold, solved, closed or deleted';
comment on column staging.ticket.priority is 'low, normal, high or urgent';
comment on column staging.ticket.channel is 'how it came: email, web, chat, …';
comment on column staging.ticket.tags is 'tags, separated by commas';
comment on column staging.ticket.requester_key is 'key of the asking person in the same source';
comment on column staging.ticket.assignee_key is 'key of the agent in the same source';
comment on column staging.ticket.group_key is 'key of the group in the same source';
comment on column staging.ticket.company_key is 'key of the organisation in the same source';
comment on column staging.ticket.created_at is 'when it was opened';
comment on column staging.ticket.updated_at is 'when it was changed last';

create table staging.ticket_event (
    source_table text not null,
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    is_deleted boolean not null default false,
    ticket_key text,
    author_key text,
    event_at timestamptz,
    changes jsonb,
    messages jsonb
) partition by list (source_table);
comment on table staging.ticket_event is 'one row per version of an event of a ticket: an update with its changes and messages';
comment on column staging.ticket_event.source_table is 'the partition: source, two underscores, entity';
comment on column staging.ticket_event.source_id is 'the record''s own key';
comment on column staging.ticket_event.version_at is 'version time of the record';
comment on column staging.ticket_event.payload_hash is 'hash of the record in raw';
comment on column staging.ticket_event.load_id is 'the load that brought it first';
comment on column staging.ticket_event.is_deleted is 'whether the source says that it is gone';
comment on column staging.ticket_event.ticket_key is 'key of the ticket in the same source';
comment on column staging.ticket_event.author_key is 'key of the person who did it';
comment on column staging.ticket_event.event_at is 'when it happened';
comment on column staging.ticket_event.changes is 'array of {id, field, old, new}';
comment on column staging.ticket_event.messages is 'array of {id, public, body, author, channel}';

create table staging.satisfaction (
    source_table text not null,
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    is_deleted boolean not null default false,
    ticket_key text,
    customer_key text,
    score text,
    comment text,
    rated_at timestamptz
) partition by list (source_table);
comment on table staging.satisfaction is 'one row per version of a customer''s rating of a ticket';
comment on column staging.satisfaction.source_table is 'the partition: source, two underscores, entity';
comment on column staging.satisfaction.source_id is 'the record''s own key';
comment on column staging.satisfaction.version_at is 'version time of the record';
comment on column staging.satisfaction.payload_hash is 'hash of the record in raw';
comment on column staging.satisfaction.load_id is 'the load that brought it first';
comment on column staging.satisfaction.is_deleted is 'whether the source says that it is gone';
comment on column staging.satisfaction.ticket_key is 'key of the rated ticket';
comment on column staging.satisfaction.customer_key is 'key of the person who rated';
comment on column staging.satisfaction.score is 'good, bad, offered or unoffered';
comment on column staging.satisfaction.comment is 'what they wrote';
comment on column staging.satisfaction.rated_at is 'when the rating was given';

create table staging.activity (
    source_table text not null,
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    is_deleted boolean not null default false,
    activity_type text,
    subject text,
    owner_key text,
    deal_key text,
    customer_key text,
    occurred_at timestamptz,
    is_completed boolean
) partition by list (source_table);
comment on table staging.activity is 'one row per version of a sales activity';
comment on column staging.activity.source_table is 'the partition: source, two underscores, entity';
comment on column staging.activity.source_id is 'the record''s own key';
comment on column staging.activity.version_at is 'version time of the record';
comment on column staging.activity.payload_hash is 'hash of the record in raw';
comment on column staging.activity.load_id is 'the load that brought it first';
comment on column staging.activity.is_deleted is 'whether the source says that it is gone';
comment on column staging.activity.activity_type is 'call, email, meeting or task';
comment on column staging.activity.subject is 'subject or title';
comment on column staging.activity.owner_key is 'key of the rep in the same source';
comment on column staging.activity.deal_key is 'key of the deal in the same source';
comment on column staging.activity.customer_key is 'key of the person in the same source';
comment on column staging.activity.occurred_at is 'when it took or takes place';
comment on column staging.activity.is_completed is 'whether it is done';

create table staging.order_line (
    source_table text not null,
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    is_deleted boolean not null default false,
    order_key text,
    line_no integer,
    ordered_at timestamptz,
    customer_email text,
    customer_name text,
    sku text,
    product_name text,
    quantity numeric,
    unit_price numeric,
    currency text,
    country text
) partition by list (source_table);
comment on table staging.order_line is 'one row per version of a line of an order';
comment on column staging.order_line.source_table is 'the partition: source, two underscores, entity';
comment on column staging.order_line.source_id is 'the record''s own key';
comment on column staging.order_line.version_at is 'version time of the record';
comment on column staging.order_line.payload_hash is 'hash of the record in raw';
comment on column staging.order_line.load_id is 'the load that brought it first';
comment on column staging.order_line.is_deleted is 'whether the source says that it is gone';
comment on column staging.order_line.order_key is 'key of the order';
comment on column staging.order_line.line_no is 'number of the line in the order';
comment on column staging.order_line.ordered_at is 'when it was ordered';
comment on column staging.order_line.customer_email is 'e-mail address of the customer as given';
comment on column staging.order_line.customer_name is 'name of the customer as given';
comment on column staging.order_line.sku is 'article number';
comment on column staging.order_line.product_name is 'product as given';
comment on column staging.order_line.quantity is 'pieces; negative for a return';
comment on column staging.order_line.unit_price is 'price of one piece in currency';
comment on column staging.order_line.currency is 'ISO 4217 code';
comment on column staging.order_line.country is 'country of delivery as given';

create index order_line_by_email on staging.order_line (lower(trim(customer_email)));
