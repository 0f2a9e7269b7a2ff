-- Staging for what the ready-made sources bring: moves of deals as records of their own, merged records, and what a
-- help desk says about service levels and business hours.

create table staging.deal_stage_event (
    source_table text not null,
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    is_deleted boolean not null default false,
    deal_key text,
    stage_key text,
    entered_at timestamptz
) partition by list (source_table);
comment on table staging.deal_stage_event is 'one row per version of a move of a deal to a stage, where the source keeps moves as records of their own';
comment on column staging.deal_stage_event.source_table is 'the partition: source, two underscores, entity';
comment on column staging.deal_stage_event.source_id is 'the record''s own key';
comment on column staging.deal_stage_event.version_at is 'version time of the record';
comment on column staging.deal_stage_event.payload_hash is 'hash of the record in raw';
comment on column staging.deal_stage_event.load_id is 'the load that brought it first';
comment on column staging.deal_stage_event.is_deleted is 'whether the source says that it is gone';
comment on column staging.deal_stage_event.deal_key is 'key of the deal in the same source';
comment on column staging.deal_stage_event.stage_key is 'key of the stage in the same source';
comment on column staging.deal_stage_event.entered_at is 'when the deal entered the stage';

create table staging.sla_policy (
    source_table text not null,
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    is_deleted boolean not null default false,
    title text,
    description text,
    position integer,
    conditions jsonb,
    targets jsonb,
    created_at timestamptz
) partition by list (source_table);
comment on table staging.sla_policy is 'one row per version of a service level policy';
comment on column staging.sla_policy.source_table is 'the partition: source, two underscores, entity';
comment on column staging.sla_policy.source_id is 'the record''s own key';
comment on column staging.sla_policy.version_at is 'version time of the record';
comment on column staging.sla_policy.payload_hash is 'hash of the record in raw';
comment on column staging.sla_policy.load_id is 'the load that brought it first';
comment on column staging.sla_policy.is_deleted is 'whether the source says that it is gone';
comment on column staging.sla_policy.title is 'title';
comment on column staging.sla_policy.description is 'description';
comment on column staging.sla_policy.position is 'place in the order in which policies are tried';
comment on column staging.sla_policy.conditions is 'which tickets it is for, as the help desk has it: {all: [{field, operator, value}], any: […]}';
comment on column staging.sla_policy.targets is 'array of {priority, metric, minutes, business_hours}';
comment on column staging.sla_policy.created_at is 'when the source made the record';

create table staging.schedule (
    source_table text not null,
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    is_deleted boolean not null default false,
    name text,
    time_zone text,
    intervals jsonb,
    created_at timestamptz
) partition by list (source_table);
comment on table staging.schedule is 'one row per version of a schedule of business hours';
comment on column staging.schedule.source_table is 'the partition: source, two underscores, entity';
comment on column staging.schedule.source_id is 'the record''s own key';
comment on column staging.schedule.version_at is 'version time of the record';
comment on column staging.schedule.payload_hash is 'hash of the record in raw';
comment on column staging.schedule.load_id is 'the load that brought it first';
comment on column staging.schedule.is_deleted is 'whether the source says that it is gone';
comment on column staging.schedule.name is 'name';
comment on column staging.schedule.time_zone is 'time zone as given';
comment on column staging.schedule.intervals is 'array of {from, to}: minutes since Sunday 00:00 in the time zone, to excluded';
comment on column staging.schedule.created_at is 'when the source made the record';

create table staging.holiday (
    source_table text not null,
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    is_deleted boolean not null default false,
    schedule_key text,
    name text,
    start_on date,
    end_on date
) partition by list (source_table);
comment on table staging.holiday is 'one row per version of a holiday of a schedule';
comment on column staging.holiday.source_table is 'the partition: source, two underscores, entity';
comment on column staging.holiday.source_id is 'the record''s own key';
comment on column staging.holiday.version_at is 'version time of the record';
comment on column staging.holiday.payload_hash is 'hash of the record in raw';
comment on column staging.holiday.load_id is 'the load that brought it first';
comment on column staging.holiday.is_deleted is 'whether the source says that it is gone';
comment on column staging.holiday.schedule_key is 'key of the schedule in the same source';
comment on column staging.holiday.name is 'name';
comment on column staging.holiday.start_on is 'first day';
comment on column staging.holiday.end_on is 'last day, included';

create index deal_stage_event_by_deal on staging.deal_stage_event (deal_key);

-- A source that merges two records goes on with one of them, or with a third, and says nothing more of the others.
alter table staging.customer add column merged_keys text[];
comment on column staging.customer.merged_keys is 'keys of the records that the source has merged into this one';
create index customer_with_merged on staging.customer (source_table) where merged_keys is not null;
alter table staging.company add column merged_keys text[];
comment on column staging.company.merged_keys is 'keys of the records that the source has merged into this one';
create index company_with_merged on staging.company (source_table) where merged_keys is not null;
alter table staging.deal add column merged_keys text[];
comment on column staging.deal.merged_keys is 'keys of the records that the source has merged into this one';
create index deal_with_merged on staging.deal (source_table) where merged_keys is not null;
