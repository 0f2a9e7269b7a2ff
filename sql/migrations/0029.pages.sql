-- What the pages inside Airflow need: why a quarantined row was dismissed, and lists in their order, however long.

create index report_edition_by_window on ops.report_edition (
    window_end, window_start, subject, language, edition_id
);
comment on index ops.report_edition_by_window is 'editions, the latest window first';

alter table ops.quarantine add column resolved_by text;
alter table ops.quarantine add column resolved_why text;
comment on column ops.quarantine.resolved_by is 'who dismissed it; null when it was replayed';
comment on column ops.quarantine.resolved_why is 'why it was dismissed';

create index quarantine_open on ops.quarantine (source, entity, quarantine_id) where state = 'open';
comment on index ops.quarantine_open is 'rows that wait, the latest first';

create index outbox_by_state on ops.outbox (state, outbox_id);
comment on index ops.outbox_by_state is 'messages of a state, the latest first';

create index reminder_open_by_subject on ops.reminder (subject_id) where closed_at is null;
comment on index ops.reminder_open_by_subject is 'what is open for a deal, or for a customer';

create index quarantine_by_state on ops.quarantine (state, quarantine_id);
comment on index ops.quarantine_by_state is 'rows of a state, the latest first';

create index validation_by_suite on ops.validation (suite, validation_id);
comment on index ops.validation_by_suite is 'the latest runs of a suite';
