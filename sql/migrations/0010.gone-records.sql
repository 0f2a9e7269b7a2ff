-- Records that are gone at their source: found when its keys are compared with those in raw.

alter table raw.template add column is_gone boolean not null default false;
comment on column raw.template.is_gone is 'whether the record was gone at its source; the payload is then the last one known';

-- staging asks for the gone ones of a table, of which there are few
create index template_gone on raw.template (source_id) where is_gone;

do $$
declare
    existing text;
begin
    for existing in select table_name from information_schema.tables where table_schema = 'raw' and table_name <> 'template' loop
        execute format('alter table raw.%I add column is_gone boolean not null default false', existing);
        execute format('create index on raw.%I (source_id) where is_gone', existing);
    end loop;
end
$$;

-- one kind more, whatever kinds there are
do $$
declare
    kinds text := (
        select pg_get_constraintdef(oid) from pg_constraint
        where conrelid = 'ops.load'::regclass and conname = 'load_kind'
    );
begin
    alter table ops.load drop constraint load_kind;
    execute 'alter table ops.load add constraint load_kind ' || replace(kinds, 'ARRAY[', 'ARRAY[''sweep''::text, ');
end
$$;
comment on column ops.load.kind is 'pull (from the source), file (by hand), replay (of quarantined rows) or sweep (what a comparison of keys found)';
