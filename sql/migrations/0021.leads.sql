-- Leads, of sources that have them: what they are, what became of them, and their chance to be converted.

alter table staging.customer add column lead_status text;
comment on column staging.customer.lead_status is 'of a lead: open, converted or lost; null for a person who is none';
alter table staging.customer add column lead_source text;
comment on column staging.customer.lead_source is 'where the lead came from';
alter table staging.customer add column converted_at timestamptz;
comment on column staging.customer.converted_at is 'when the lead was converted, where the source tells it';
create index customer_that_is_lead on staging.customer (source_table, source_id) where lead_status is not null;
comment on index staging.customer_that_is_lead is 'the leads among the people of a source';

create table core.fct_lead (
    source text not null,
    lead_id text not null,
    status text not null,
    stage_name text,
    lead_source text,
    owner_key text,
    created_at timestamptz,
    first_seen_at timestamptz not null,
    closed_at timestamptz,
    is_deleted boolean not null,
    constraint pk_fct_lead primary key (source, lead_id)
);
comment on table core.fct_lead is 'one row per lead, as its latest version tells';
comment on column core.fct_lead.source is 'name of the source';
comment on column core.fct_lead.lead_id is 'key of the lead in the source; the same record is a person in core.customer_link';
comment on column core.fct_lead.status is 'open, converted or lost';
comment on column core.fct_lead.stage_name is 'the source''s word for how far the lead is';
comment on column core.fct_lead.lead_source is 'where the lead came from';
comment on column core.fct_lead.owner_key is 'key of the rep in the same source';
comment on column core.fct_lead.created_at is 'when the lead was made, as told';
comment on column core.fct_lead.first_seen_at is 'version time of the first version';
comment on column core.fct_lead.closed_at is 'when it was converted, as told; else the version time at which it was first seen as converted or lost, after it was last seen otherwise; null while open';
comment on column core.fct_lead.is_deleted is 'whether the source says that it is gone';

create table core.fct_lead_stage (
    source text not null,
    lead_id text not null,
    entered_at timestamptz not null,
    stage_name text not null,
    constraint pk_fct_lead_stage primary key (source, lead_id, entered_at)
);
comment on table core.fct_lead_stage is 'one row per stage that an open lead was seen in, from when';
comment on column core.fct_lead_stage.source is 'name of the source';
comment on column core.fct_lead_stage.lead_id is 'the lead, as in core.fct_lead';
comment on column core.fct_lead_stage.entered_at is 'version time of the first version in that stage';
comment on column core.fct_lead_stage.stage_name is 'the source''s word for how far the lead is';

create index fct_activity_by_customer on core.fct_activity (source, customer_key, occurred_at)
where customer_key is not null;
comment on index core.fct_activity_by_customer is 'what was done for a person, and when';

create table mart.lead (
    source text not null,
    lead_id text not null,
    customer_id text not null,
    status text not null,
    stage_name text not null,
    lead_source text,
    rep_id text,
    rep_name text,
    team text,
    created_at timestamptz not null,
    closed_at timestamptz,
    decided_at timestamptz not null,
    constraint pk_lead primary key (source, lead_id)
);
comment on table mart.lead is 'one row per lead that the source still has';
comment on column mart.lead.source is 'name of the source';
comment on column mart.lead.lead_id is 'key of the lead in the source';
comment on column mart.lead.customer_id is 'the customer that it is, as in core.dim_customer';
comment on column mart.lead.status is 'open, converted or lost';
comment on column mart.lead.stage_name is 'the source''s word for how far the lead is; unknown where it tells none';
comment on column mart.lead.lead_source is 'where the lead came from';
comment on column mart.lead.rep_id is 'its owner, as in core.dim_rep; null when that is nobody known, as a queue';
comment on column mart.lead.rep_name is 'name of the owner';
comment on column mart.lead.team is 'team of the owner';
comment on column mart.lead.created_at is 'when the lead was made, or first seen where the source does not tell';
comment on column mart.lead.closed_at is 'when it was converted or lost; null while open';
comment on column mart.lead.decided_at is 'when it was converted or lost, at the latest 180 days after it was made: until then it has a chance';
create index lead_by_customer on mart.lead (customer_id);
comment on index mart.lead_by_customer is 'the leads that a customer is';

create table mart.lead_outlook (
    source text not null,
    lead_id text not null,
    customer_id text not null,
    known_to date not null,
    method text not null,
    conversion_probability numeric not null,
    stage_rate numeric not null,
    reasons text[] not null,
    model_run_id text not null,
    constraint pk_lead_outlook primary key (source, lead_id)
);
comment on table mart.lead_outlook is 'one row per open lead of the last 180 days: its chance to be converted within 180 days of its creation, and why, as of the last day built';
comment on column mart.lead_outlook.source is 'source of the lead';
comment on column mart.lead_outlook.lead_id is 'the lead, as in mart.lead';
comment on column mart.lead_outlook.customer_id is 'the customer that it is';
comment on column mart.lead_outlook.known_to is 'the last day of which anything was known';
comment on column mart.lead_outlook.method is 'model, or stage_rate where the end of too few leads is known or the model was no better';
comment on column mart.lead_outlook.conversion_probability is 'chance to be converted within 180 days of its creation, 0 to 1';
comment on column mart.lead_outlook.stage_rate is 'share of the leads that were open in its stage which were converted so, 0 to 1';
comment on column mart.lead_outlook.reasons is 'what moves the chance most, the strongest first, in words; + raises and - lowers it';
comment on column mart.lead_outlook.model_run_id is 'the model, in ops.model_run, with its features and how it did on later leads';

comment on column mart.sales_forecast.method is 'blend: the mean of several methods; else the one that did far better in the backtest';
