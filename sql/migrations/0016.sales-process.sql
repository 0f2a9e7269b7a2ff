-- The sales process: stages of several sources as stages of one process, visits that are mended and say where they
-- come from, what close date was expected when, and the rates of currencies.

alter table core.dim_pipeline_stage add column process_name text not null default '';
comment on column core.dim_pipeline_stage.process_name is 'the process that the stage is part of; a pipeline that sales.yaml maps to none is one of its own';
alter table core.dim_pipeline_stage add column process_stage text not null default '';
comment on column core.dim_pipeline_stage.process_stage is 'its standard stage in the process';
alter table core.dim_pipeline_stage add column process_position integer not null default 0;
comment on column core.dim_pipeline_stage.process_position is 'place of the standard stage in the process, from 0';
alter table core.dim_pipeline_stage add column process_step integer;
comment on column core.dim_pipeline_stage.process_step is 'the same among the stages that lead to winning, from 1 without gaps; null for a stage of losing';
alter table core.dim_pipeline_stage add column may_stay_days numeric;
comment on column core.dim_pipeline_stage.may_stay_days is 'days that a deal may stay, where sales.yaml tells them';

create table core.dim_process_move (
    process_name text not null,
    from_stage text not null,
    to_stage text not null,
    constraint pk_dim_process_move primary key (process_name, from_stage, to_stage)
);
comment on table core.dim_process_move is 'one row per move that sales.yaml allows, for the processes that list their moves';
comment on column core.dim_process_move.process_name is 'name of the process';
comment on column core.dim_process_move.from_stage is 'standard stage that is left';
comment on column core.dim_process_move.to_stage is 'standard stage that may follow';

alter table core.fct_deal_stage add column origin text not null default 'versions';
comment on column core.fct_deal_stage.origin is 'what tells the visit: history (in the deal), events (moves that are records), dates (creation and close) or versions (of the deal)';
alter table core.fct_deal_stage add column is_mended boolean not null default false;
comment on column core.fct_deal_stage.is_mended is 'whether the source''s moves end elsewhere than its deal stands, so that this visit was added';

alter table staging.deal add column close_history jsonb;
comment on column staging.deal.close_history is 'close dates that the deal has had, oldest first: [{"on": …, "at": when it was set}]; null when the source keeps none';

create table core.fct_deal_close_date (
    source text not null,
    deal_id text not null,
    version_no integer not null,
    expected_close_on date,
    known_from timestamptz not null,
    known_to timestamptz,
    constraint pk_fct_deal_close_date primary key (source, deal_id, version_no)
);
comment on table core.fct_deal_close_date is 'one row per close date that a deal was expected to have, and the time in which it was';
comment on column core.fct_deal_close_date.source is 'name of the source';
comment on column core.fct_deal_close_date.deal_id is 'key of the deal';
comment on column core.fct_deal_close_date.version_no is 'number of the date, from 1';
comment on column core.fct_deal_close_date.expected_close_on is 'the close date in force; null while there was none';
comment on column core.fct_deal_close_date.known_from is 'since when';
comment on column core.fct_deal_close_date.known_to is 'until when; null for the last one';

create table staging.currency_rate (
    source_table text not null,
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    is_deleted boolean not null default false,
    rate_on date,
    base_currency text,
    rates jsonb,
    unreadable_rates text
) partition by list (source_table);
comment on table staging.currency_rate is 'one row per version of a day''s rates of exchange';
comment on column staging.currency_rate.source_table is 'the partition: source, two underscores, entity';
comment on column staging.currency_rate.source_id is 'the record''s own key';
comment on column staging.currency_rate.version_at is 'version time of the record';
comment on column staging.currency_rate.payload_hash is 'hash of the record in raw';
comment on column staging.currency_rate.load_id is 'the load that brought it first';
comment on column staging.currency_rate.is_deleted is 'whether the source says that it is gone';
comment on column staging.currency_rate.rate_on is 'the day of the rates';
comment on column staging.currency_rate.base_currency is 'the currency of which one unit is worth so much: EUR in the files of the ECB';
comment on column staging.currency_rate.rates is 'ISO 4217 code → units of it for one unit of the base currency';
comment on column staging.currency_rate.unreadable_rates is 'codes whose rate is no positive number; a record with any waits in quarantine';

create table core.currency_rate (
    currency text not null,
    rate_on date not null,
    per_euro numeric not null,
    constraint pk_currency_rate primary key (currency, rate_on)
);
comment on table core.currency_rate is 'one row per currency and day with a rate';
comment on column core.currency_rate.currency is 'ISO 4217 code';
comment on column core.currency_rate.rate_on is 'the day';
comment on column core.currency_rate.per_euro is 'units of the currency for one euro';

create table ops.changed_deal (
    source text not null,
    deal_id text not null,
    constraint pk_changed_deal primary key (source, deal_id)
);
comment on table ops.changed_deal is 'one row per deal that core has told anew and the sales marts have not taken up yet';
comment on column ops.changed_deal.source is 'name of the source';
comment on column ops.changed_deal.deal_id is 'key of the deal';

-- every deal is told anew by the next build of core: with the new columns
update ops.load set core_at = null
where core_at is not null;
