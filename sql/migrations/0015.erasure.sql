-- Forgetting a person: who must not come back, told by keyed hashes alone, and the proof of what was erased.

alter table ops.load add column forgotten bigint not null default 0;
alter table ops.load add constraint load_forgotten_is_unchanged check (forgotten <= unchanged);
comment on column ops.load.forgotten is 'records among the unchanged that were left out: they are of somebody forgotten';

create table ops.erasure (
    erasure_id bigint generated always as identity,
    asked_at timestamptz not null default now(),
    done_at timestamptz,
    asked_by text not null,
    reason text,
    tables jsonb not null,
    files jsonb not null default '{}',
    not_reached text[] not null default '{}',
    looked_for jsonb,
    constraint pk_erasure primary key (erasure_id),
    constraint erasure_done_names_nobody check (done_at is null or looked_for is null)
);
comment on table ops.erasure is 'one row per erasure of a person: the proof of what was done, which does not say who';
comment on column ops.erasure.erasure_id is 'number of the erasure';
comment on column ops.erasure.asked_at is 'when the warehouse was freed of the person';
comment on column ops.erasure.done_at is 'when the files were, too; null: it is to be finished by asking again';
comment on column ops.erasure.asked_by is 'who asked for it';
comment on column ops.erasure.reason is 'why, in their words';
comment on column ops.erasure.tables is 'table → rows that were deleted or freed of the person';
comment on column ops.erasure.files is 'file → places that were freed of the person';
comment on column ops.erasure.not_reached is 'what may still have the person, and what to do about it';
comment on column ops.erasure.looked_for is 'what files are searched for; null as soon as they are done';

create table ops.forgotten (
    forgotten_id bigint generated always as identity,
    kind text not null,
    source text,
    entity text,
    hash bytea not null,
    erasure_id bigint,
    forgotten_at timestamptz not null default now(),
    constraint pk_forgotten primary key (forgotten_id),
    constraint forgotten_kind check (kind in ('record', 'email', 'ticket', 'customer')),
    constraint forgotten_once unique nulls not distinct (kind, source, entity, hash)
);
comment on table ops.forgotten is 'one row per record, e-mail address, ticket or customer id of somebody forgotten: it keeps them from coming back';
comment on column ops.forgotten.forgotten_id is 'number';
comment on column ops.forgotten.kind is 'record (of theirs), email, ticket (that they asked) or customer (an id that they had)';
comment on column ops.forgotten.source is 'name of the source; null for an address or a customer id';
comment on column ops.forgotten.entity is 'entity of a record';
comment on column ops.forgotten.hash is 'HMAC-SHA-256 of the kind and the value, with the key of ops.forgotten_salt';
comment on column ops.forgotten.erasure_id is 'the erasure; null: found by a load afterwards';
comment on column ops.forgotten.forgotten_at is 'when';
create index forgotten_by_hash on ops.forgotten (hash);
create index forgotten_records on ops.forgotten (source, entity) where kind = 'record';

create table ops.forgotten_salt (
    is_only boolean not null default true,
    inner_pad bytea not null,
    outer_pad bytea not null,
    constraint pk_forgotten_salt primary key (is_only),
    constraint one_salt check (is_only)
);
comment on table ops.forgotten_salt is 'one row: the random key of ops.forgotten, as HMAC uses it (RFC 2104)';
comment on column ops.forgotten_salt.is_only is 'true';
comment on column ops.forgotten_salt.inner_pad is 'the key of 64 bytes, each xor 0x36';
comment on column ops.forgotten_salt.outer_pad is 'the key of 64 bytes, each xor 0x5c';

do $$
declare
    key bytea := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
        || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
    inside bytea := key;
    outside bytea := key;
begin
    for n in 0..63 loop
        inside := set_byte(inside, n, get_byte(key, n) # 54);
        outside := set_byte(outside, n, get_byte(key, n) # 92);
    end loop;
    insert into ops.forgotten_salt (inner_pad, outer_pad) values (inside, outside);
end
$$;

create function ops.forgotten_hash(value text, inner_pad bytea, outer_pad bytea) returns bytea
language sql immutable strict parallel safe
return sha256(outer_pad || sha256(inner_pad || convert_to(value, 'UTF8')));
comment on function ops.forgotten_hash is 'HMAC-SHA-256 of a text, with the pads of ops.forgotten_salt';
