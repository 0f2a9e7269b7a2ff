-- Schemas, and the project's own books: loads, quarantine, validations, published days, mart days, report editions.

create schema if not exists raw;
create schema if not exists staging;
create schema if not exists core;
create schema if not exists mart;
create schema if not exists ops;
comment on schema raw is 'every version of every record, as received';
comment on schema staging is 'typed and renamed, nothing joined: one row a version';
comment on schema core is 'customers, companies, reps, deals, tickets, orders: one shape whatever the source';
comment on schema mart is 'one table a question, many of them one row a day';
comment on schema ops is 'the books of the project: loads, quarantine, validations, editions';
create table ops.load (
    load_id bigint generated always as identity,
    source text not null,
    entity text not null,
    kind text not null,
    window_start timestamptz not null,
    window_end timestamptz not null,
    run_ref text,
    state text not null default 'running',
    started_at timestamptz not null default now(),
    landed_at timestamptz,
    staged_at timestamptz,
    core_at timestamptz,
    received bigint,
    inserted bigint,
    unchanged bigint,
    unreadable bigint,
    validated bigint,
    staged bigint,
    quarantined bigint,
    detail text,
    constraint pk_load primary key (load_id),
    constraint load_kind check (kind in ('pull', 'file', 'replay')),
    constraint load_state check (state in ('running', 'landed', 'stopped', 'staged', 'failed')),
    constraint load_received_adds_up check (received = inserted + unchanged + unreadable),
    constraint load_validated_adds_up check (validated = staged + quarantined),
    constraint load_validates_what_is_new check (kind = 'replay' or validated = inserted),
    constraint load_landed_is_counted check (landed_at is null or received is not null),
    constraint load_staged_is_counted check (staged_at is null or validated is not null)
);
comment on table ops.load is 'one row a load: what a window of a source brought, and what became of it';
comment on column ops.load.load_id is 'number of the load';
comment on column ops.load.source is 'name of the source, as in include/config/sources';
comment on column ops.load.entity is 'name of the entity within the source';
comment on column ops.load.kind is 'pull (from the source), file (by hand) or replay (of quarantined rows)';
comment on column ops.load.window_start is 'start of the window, included';
comment on column ops.load.window_end is 'end of the window, excluded';
comment on column ops.load.run_ref is 'the run that made it: an Airflow run id or the command';
comment on column ops.load.state is 'running, landed (raw has it), stopped (by a table rule), staged, failed';
comment on column ops.load.started_at is 'when the load was opened';
comment on column ops.load.landed_at is 'when its rows were committed to raw';
comment on column ops.load.staged_at is 'when its rows were committed to staging and quarantine';
comment on column ops.load.core_at is 'when its rows were committed to core';
comment on column ops.load.received is 'records that the source gave';
comment on column ops.load.inserted is 'received records that raw did not have yet';
comment on column ops.load.unchanged is 'received records that raw had already';
comment on column ops.load.unreadable is 'received records that have no key or are not a record; kept in ops.quarantine';
comment on column ops.load.validated is 'new records that the rules were run on';
comment on column ops.load.staged is 'validated records that passed into staging';
comment on column ops.load.quarantined is 'validated records that broke a critical rule; kept in ops.quarantine';
comment on column ops.load.detail is 'why it stopped or failed';

create index load_by_entity on ops.load (source, entity, state);
create index load_core_pending on ops.load (load_id) where core_at is null;
create table ops.quarantine (
    quarantine_id bigint generated always as identity,
    source text not null,
    entity text not null,
    source_id text,
    version_at timestamptz,
    payload_hash uuid not null,
    stage text not null,
    rules text[] not null,
    detail text,
    location text,
    payload text,
    load_id bigint not null,
    window_start timestamptz not null,
    window_end timestamptz not null,
    state text not null default 'open',
    quarantined_at timestamptz not null default now(),
    resolved_at timestamptz,
    constraint pk_quarantine primary key (quarantine_id),
    constraint quarantine_state check (state in ('open', 'replayed', 'dismissed')),
    constraint quarantine_once unique nulls not distinct (source, entity, source_id, version_at, payload_hash)
);
comment on table ops.quarantine is 'one row per version of a record that broke a critical rule, or could not be read';
comment on column ops.quarantine.quarantine_id is 'number of the row';
comment on column ops.quarantine.source is 'name of the source';
comment on column ops.quarantine.entity is 'name of the entity within the source';
comment on column ops.quarantine.source_id is 'the record''s own key; null when it has none';
comment on column ops.quarantine.version_at is 'version time of the record; null when unreadable';
comment on column ops.quarantine.payload_hash is 'hash of the record';
comment on column ops.quarantine.stage is 'where it stopped: read, types or rules';
comment on column ops.quarantine.rules is 'every rule that it broke';
comment on column ops.quarantine.detail is 'what was found, for people';
comment on column ops.quarantine.location is 'page, file and line it came from';
comment on column ops.quarantine.payload is 'the record as received (its first part, when it is too large)';
comment on column ops.quarantine.load_id is 'the load that brought it';
comment on column ops.quarantine.window_start is 'start of that load''s window';
comment on column ops.quarantine.window_end is 'end of that load''s window';
comment on column ops.quarantine.state is 'open, replayed (it passed later) or dismissed';
comment on column ops.quarantine.quarantined_at is 'when it was put here';
comment on column ops.quarantine.resolved_at is 'when it was replayed or dismissed';

create index quarantine_by_load on ops.quarantine (load_id);
create table ops.validation (
    validation_id bigint generated always as identity,
    load_id bigint not null,
    suite text not null,
    is_success boolean not null,
    evaluated bigint not null,
    result json not null,
    validated_at timestamptz not null default now(),
    constraint pk_validation primary key (validation_id)
);
comment on table ops.validation is 'one row per suite run: what the rules said of what a load brought';
comment on column ops.validation.validation_id is 'number of the run';
comment on column ops.validation.load_id is 'the load whose rows were validated';
comment on column ops.validation.suite is 'name of the suite in expectations/';
comment on column ops.validation.is_success is 'whether no critical rule failed';
comment on column ops.validation.evaluated is 'rows that the suite ran on';
comment on column ops.validation.result is 'the result as Great Expectations gives it, without row values';
comment on column ops.validation.validated_at is 'when it ran';

create table ops.validation_rule (
    validation_id bigint not null,
    rule text not null,
    column_name text,
    severity text not null,
    level text not null,
    is_success boolean not null,
    evaluated bigint not null,
    unexpected bigint not null,
    observed text,
    constraint pk_validation_rule primary key (validation_id, rule)
);
comment on table ops.validation_rule is 'one row per rule of a suite run';
comment on column ops.validation_rule.validation_id is 'the suite run';
comment on column ops.validation_rule.rule is 'short name of the rule';
comment on column ops.validation_rule.column_name is 'the column that it is about';
comment on column ops.validation_rule.severity is 'critical or warning';
comment on column ops.validation_rule.level is 'row or table';
comment on column ops.validation_rule.is_success is 'whether it held';
comment on column ops.validation_rule.evaluated is 'rows that it looked at';
comment on column ops.validation_rule.unexpected is 'rows that broke it';
comment on column ops.validation_rule.observed is 'what a table rule saw';

create table ops.source_day (
    source text not null,
    day_on date not null,
    state text not null,
    detail text,
    published_at timestamptz not null default now(),
    constraint pk_source_day primary key (source, day_on),
    constraint source_day_state check (state in ('ok', 'failed'))
);
comment on table ops.source_day is 'one row per source and day that was published downstream';
comment on column ops.source_day.source is 'name of the source';
comment on column ops.source_day.day_on is 'the business day';
comment on column ops.source_day.state is 'ok, or failed for good: downstream goes on without it and says so';
comment on column ops.source_day.detail is 'what failed';
comment on column ops.source_day.published_at is 'when it was published last';

create table ops.mart_day (
    subject text not null,
    day_on date not null,
    is_stale boolean not null,
    built_at timestamptz not null default now(),
    constraint pk_mart_day primary key (subject, day_on)
);
comment on table ops.mart_day is 'one row per subject and day whose marts were built';
comment on column ops.mart_day.subject is 'sales, service or customers; core for core itself';
comment on column ops.mart_day.day_on is 'the business day';
comment on column ops.mart_day.is_stale is 'whether facts of the day changed since it was built';
comment on column ops.mart_day.built_at is 'when it was built last';

create table ops.release (
    name text not null,
    day_on date not null,
    stamp timestamptz not null,
    run_ref text not null,
    constraint pk_release primary key (name, day_on, stamp)
);
comment on table ops.release is 'one row per day and stage that was complete: which run published it downstream';
comment on column ops.release.name is 'staging (every source is there) or marts (every subject is built)';
comment on column ops.release.day_on is 'the business day';
comment on column ops.release.stamp is 'when the last part of it came';
comment on column ops.release.run_ref is 'the run that publishes it';

create table ops.report_edition (
    edition_id bigint generated always as identity,
    subject text not null,
    window_start timestamptz not null,
    window_end timestamptz not null,
    sources text[] not null,
    path text not null,
    checksum text not null,
    manifest json not null,
    rendered_at timestamptz not null default now(),
    constraint pk_report_edition primary key (edition_id),
    constraint report_edition_once unique (subject, window_start, window_end, sources, checksum)
);
comment on table ops.report_edition is 'one row per edition of a report; editions are never overwritten';
comment on column ops.report_edition.edition_id is 'number of the edition';
comment on column ops.report_edition.subject is 'customers, sales or service';
comment on column ops.report_edition.window_start is 'start of the report''s window';
comment on column ops.report_edition.window_end is 'end of the report''s window';
comment on column ops.report_edition.sources is 'the sources it covers';
comment on column ops.report_edition.path is 'where the page is, under the reports folder';
comment on column ops.report_edition.checksum is 'SHA-256 of the page';
comment on column ops.report_edition.manifest is 'inputs, versions and counts it was made from';
comment on column ops.report_edition.rendered_at is 'when it was made';

create table raw.template (
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    defects text[],
    payload json not null,
    constraint pk_template primary key (source_id, version_at, payload_hash)
);
comment on table raw.template is 'shape of every raw table: one row per version of a record, as received';
comment on column raw.template.source_id is 'the record''s own key';
comment on column raw.template.version_at is 'the record''s own updated-at, or the day in which it was seen';
comment on column raw.template.payload_hash is 'first half of the SHA-256 of the record''s canonical JSON: keys sorted, no spaces';
comment on column raw.template.load_id is 'the load that brought it first';
comment on column raw.template.defects is 'what makes the text unfit for SQL: a NUL or lone surrogate in a string, a repeated key';
comment on column raw.template.payload is 'the record as received; json and not jsonb, which would refuse or change it';

-- rows of a load lie together, so a block range index finds them, and costs a load nothing
create index template_by_load on raw.template using brin (load_id) with (pages_per_range = 16);
create index template_defective on raw.template (load_id) where defects is not null;
do $$
begin
    -- PostgreSQL 15 does not have pg_input_is_valid; both must tell the same.
    if current_setting('server_version_num')::integer >= 160000 then
        create function ops.is_castable(value text, type text) returns boolean
        language sql stable strict parallel safe
        return pg_input_is_valid(value, type);
    else
        create function ops.is_castable(value text, type text) returns boolean
        language plpgsql stable strict as $body$
        begin
            execute format('select %L::%s', value, type::regtype);
            return true;
        exception when data_exception then
            return false;
        end
        $body$;
    end if;
end
$$;
comment on function ops.is_castable(text, text) is 'whether a text is a valid value of a type; null for null';
