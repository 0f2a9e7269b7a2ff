-- What the readers of sources remember from one load to the next.

create table ops.source_memory (
    source text not null,
    entity text not null,
    key text not null,
    value text not null,
    remembered_at timestamptz not null default now(),
    constraint pk_source_memory primary key (source, entity, key)
);
comment on table ops.source_memory is 'one row per thing that a source''s reader remembers: a cursor, the ETag of a page, a file that was loaded';
comment on column ops.source_memory.source is 'name of the source';
comment on column ops.source_memory.entity is 'name of the entity within the source';
comment on column ops.source_memory.key is 'what it is about: cursor, the page''s address, the file''s checksum';
comment on column ops.source_memory.value is 'what is remembered of it';
comment on column ops.source_memory.remembered_at is 'when it was remembered last';
