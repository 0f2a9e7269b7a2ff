-- Webhooks that were received; the fields that the records of sources have; prunings of raw.

alter table ops.load drop constraint load_kind;
alter table ops.load add constraint load_kind check (kind in ('pull', 'file', 'hook', 'sweep', 'replay'));
comment on column ops.load.kind is
'pull (from the source), file (by hand), hook (told by webhooks), sweep (found by comparing keys) or replay (of quarantined rows)';

create table ops.webhook (
    webhook_id bigint generated always as identity,
    source text not null,
    delivery uuid not null,
    received_at timestamptz not null default now(),
    body bytea not null,
    state text not null default 'waiting',
    finished_at timestamptz,
    detail text,
    constraint pk_webhook primary key (webhook_id),
    constraint webhook_state check (state in ('waiting', 'landed', 'unreadable', 'given_up')),
    constraint webhook_once unique (source, delivery)
);
comment on table ops.webhook is 'one row per webhook that was received: kept until it is landed, and for a while after';
comment on column ops.webhook.webhook_id is 'number of the row';
comment on column ops.webhook.source is 'name of the source';
comment on column ops.webhook.delivery is 'first half of the SHA-256 of what was signed: the same delivery again adds nothing';
comment on column ops.webhook.received_at is 'when it was stored; its business day is the window that it is landed in';
comment on column ops.webhook.body is 'the body as received: convert_from(body, ''utf8'') shows it';
comment on column ops.webhook.state is
'waiting, landed (raw has what it tells), unreadable (no JSON), given_up (could not be landed for a day)';
comment on column ops.webhook.finished_at is 'when it left the state waiting';
comment on column ops.webhook.detail is 'why it still waits or was given up; what of it belongs to no entity';

create index webhook_waiting on ops.webhook (source, webhook_id) where state = 'waiting';

create table ops.source_field (
    source text not null,
    entity text not null,
    path text not null,
    types text[] not null,
    first_load_id bigint not null,
    last_load_id bigint not null,
    present bigint not null,
    possible bigint not null,
    missed bigint not null default 0,
    is_gone boolean not null default false,
    constraint pk_source_field primary key (source, entity, path)
);
comment on table ops.source_field is 'one row per field that records of an entity were ever seen with';
comment on column ops.source_field.source is 'name of the source';
comment on column ops.source_field.entity is 'name of the entity within the source';
comment on column ops.source_field.path is 'dotted path, at most three deep; [] stands for every element of a list';
comment on column ops.source_field.types is 'JSON types that it was seen with, null left out';
comment on column ops.source_field.first_load_id is 'the load that had it first';
comment on column ops.source_field.last_load_id is 'the load that had it last';
comment on column ops.source_field.present is 'records that had it';
comment on column ops.source_field.possible is 'records read from the first load that had it to the last, both included';
comment on column ops.source_field.missed is 'new records since the last load that had it';
comment on column ops.source_field.is_gone is 'whether it was reported as gone, and has not come back';

create table ops.drift (
    drift_id bigint generated always as identity,
    source text not null,
    entity text not null,
    path text not null,
    kind text not null,
    types_before text[],
    types_now text[],
    load_id bigint not null,
    window_start timestamptz not null,
    window_end timestamptz not null,
    noticed_at timestamptz not null default now(),
    constraint pk_drift primary key (drift_id),
    constraint drift_kind check (kind in ('new', 'gone', 'retyped'))
);
comment on table ops.drift is 'one row per change in the shape of an entity''s records, reported once';
comment on column ops.drift.drift_id is 'number of the row';
comment on column ops.drift.source is 'name of the source';
comment on column ops.drift.entity is 'name of the entity within the source';
comment on column ops.drift.path is 'the field, as in ops.source_field';
comment on column ops.drift.kind is 'new, gone, or retyped (a JSON type that it never had before)';
comment on column ops.drift.types_before is 'JSON types that it had before; null for a new one';
comment on column ops.drift.types_now is 'JSON types that it has in the load; null for one that is gone';
comment on column ops.drift.load_id is 'the load in which it was noticed';
comment on column ops.drift.window_start is 'start of that load''s window';
comment on column ops.drift.window_end is 'end of that load''s window';
comment on column ops.drift.noticed_at is 'when it was noticed';

create index drift_by_source on ops.drift (source, window_start);

create table ops.raw_pruning (
    pruning_id bigint generated always as identity,
    source text not null,
    entity text not null,
    older_than timestamptz not null,
    deleted bigint not null,
    pruned_at timestamptz not null default now(),
    constraint pk_raw_pruning primary key (pruning_id)
);
comment on table ops.raw_pruning is 'one row per entity and pruning: versions that left raw because newer ones replaced them long ago';
comment on column ops.raw_pruning.pruning_id is 'number of the pruning';
comment on column ops.raw_pruning.source is 'name of the source';
comment on column ops.raw_pruning.entity is 'name of the entity within the source';
comment on column ops.raw_pruning.older_than is 'versions with a version time before this went';
comment on column ops.raw_pruning.deleted is 'how many versions were deleted';
comment on column ops.raw_pruning.pruned_at is 'when it was done';
