-- One customer, once: cleaned versions, links that a model finds, ids that last, golden records with their history.

create extension if not exists btree_gist;

alter table staging.customer add column street text;
alter table staging.customer add column postcode text;
alter table staging.customer add column state text;
alter table staging.customer add column website text;
alter table staging.customer add column birth_date text;
comment on column staging.customer.street is 'street and house number as given';
comment on column staging.customer.postcode is 'postal code as given';
comment on column staging.customer.state is 'state, province or region as given';
comment on column staging.customer.website is 'web site as given';
comment on column staging.customer.birth_date is 'date of birth as given';
alter table staging.company add column phone text;
alter table staging.company add column street text;
alter table staging.company add column postcode text;
alter table staging.company add column state text;
comment on column staging.company.phone is 'telephone number as given';
comment on column staging.company.street is 'street and house number as given';
comment on column staging.company.postcode is 'postal code as given';
comment on column staging.company.state is 'state, province or region as given';

create table core.clean_version (
    kind text not null,
    record_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    source text not null,
    record_key text not null,
    is_deleted boolean not null,
    is_staff boolean not null,
    created_at timestamptz,
    given jsonb not null,
    fields jsonb not null,
    codes jsonb not null,
    constraint pk_clean_version primary key (kind, record_id, version_at, payload_hash)
);
comment on table core.clean_version is 'one row per version of a source''s record of a person or an organisation that said something new, cleaned';
comment on column core.clean_version.kind is 'person or organisation';
comment on column core.clean_version.record_id is 'source and key of the record, as source:key';
comment on column core.clean_version.version_at is 'version time of the record';
comment on column core.clean_version.payload_hash is 'hash of the record in raw';
comment on column core.clean_version.source is 'name of the source';
comment on column core.clean_version.record_key is 'key of the record in the source; an order''s e-mail address as email:…';
comment on column core.clean_version.is_deleted is 'whether the source says that it is gone';
comment on column core.clean_version.is_staff is 'whether it is somebody of ours, who is no customer';
comment on column core.clean_version.created_at is 'when the source made the record: the earliest that any version tells';
comment on column core.clean_version.given is 'field → the value as given';
comment on column core.clean_version.fields is 'field → the clean value; a field without a usable value is not there';
comment on column core.clean_version.codes is 'field → what cleaning did: same, invalid, or its steps joined by +';

create index clean_version_by_company on core.clean_version ((fields ->> 'company_record'))
where fields ->> 'company_record' is not null;

create view core.clean_value as
select
    v.kind,
    v.source,
    v.record_key,
    v.version_at,
    g.field,
    g.value as given,
    v.fields ->> g.field as value,
    v.codes ->> g.field as code
from core.clean_version as v
cross join lateral jsonb_each_text(v.given) as g (field, value);
comment on view core.clean_value is 'one row per field of a version that the source filled: the value as given, the clean one, and what was done';

create table core.identity_record (
    kind text not null,
    record_id text not null,
    source text not null,
    record_key text not null,
    is_deleted boolean not null,
    company_record text,
    matching jsonb not null,
    constraint pk_identity_record primary key (kind, record_id)
);
comment on table core.identity_record is 'one row per source record of a customer or an organisation: what it is matched by, as its latest version tells';
comment on column core.identity_record.kind is 'person or organisation';
comment on column core.identity_record.record_id is 'source and key of the record, as source:key';
comment on column core.identity_record.source is 'name of the source';
comment on column core.identity_record.record_key is 'key of the record in the source';
comment on column core.identity_record.is_deleted is 'whether the source says that it is gone: it stays the customer that it was';
comment on column core.identity_record.company_record is 'the record of the person''s organisation in the same source';
comment on column core.identity_record.matching is 'matching column → value, as include/customers/cleaning makes them';
create index identity_record_by_company on core.identity_record (company_record) where company_record is not null;

create index identity_record_by_domain on core.identity_record (kind, (matching ->> 'domain'));

create table core.identity_block (
    kind text not null,
    key bigint not null,
    record_id text not null,
    constraint pk_identity_block primary key (kind, key, record_id)
);
comment on table core.identity_block is 'one row per key of a record: two records are compared if and only if they share one';
comment on column core.identity_block.kind is 'person or organisation';
comment on column core.identity_block.key is 'hash of a blocking rule''s number and the record''s values';
comment on column core.identity_block.record_id is 'the record';
create index identity_block_by_record on core.identity_block (kind, record_id);

create table core.identity_pair (
    kind text not null,
    record_a text not null,
    record_b text not null,
    weight double precision not null,
    probability double precision not null,
    agreement jsonb not null,
    constraint pk_identity_pair primary key (kind, record_a, record_b),
    constraint ordered_pair check (record_a collate "C" < record_b collate "C")
);
comment on table core.identity_pair is 'one row per two records that are the same with at least the probability from which pairs are reviewed';
comment on column core.identity_pair.kind is 'person or organisation';
comment on column core.identity_pair.record_a is 'the record with the smaller id';
comment on column core.identity_pair.record_b is 'the other record';
comment on column core.identity_pair.weight is 'match weight: log2 of the odds that they are the same';
comment on column core.identity_pair.probability is 'probability that they are the same, 0 to 1';
comment on column core.identity_pair.agreement is 'comparison → its part of the weight';
create index identity_pair_by_b on core.identity_pair (kind, record_b);

create table core.identity_decision (
    decision_id bigint generated always as identity,
    kind text not null,
    record_a text not null,
    record_b text not null,
    is_same boolean not null,
    reason text not null,
    decided_by text not null,
    decided_at timestamptz not null default now(),
    revoked_at timestamptz,
    applied_at timestamptz,
    constraint pk_identity_decision primary key (decision_id),
    constraint ordered_decision check (record_a collate "C" < record_b collate "C")
);
comment on table core.identity_decision is 'one row per decision of a person that two records are, or are not, the same; it holds against every model';
comment on column core.identity_decision.decision_id is 'number of the decision';
comment on column core.identity_decision.kind is 'person or organisation';
comment on column core.identity_decision.record_a is 'the record with the smaller id';
comment on column core.identity_decision.record_b is 'the other record';
comment on column core.identity_decision.is_same is 'true: they belong together; false: they must not be together';
comment on column core.identity_decision.reason is 'why, in the person''s words';
comment on column core.identity_decision.decided_by is 'who decided';
comment on column core.identity_decision.decided_at is 'when';
comment on column core.identity_decision.revoked_at is 'when it was taken back, or another decision on the two replaced it';
comment on column core.identity_decision.applied_at is 'when a build of core last took it in; null: the next one will';
create unique index one_decision_a_pair on core.identity_decision (kind, record_a, record_b)
where revoked_at is null;

drop table core.customer_link;
create table core.customer_link (
    source text not null,
    record_key text not null,
    record_id text not null,
    customer_id text not null,
    constraint pk_customer_link primary key (source, record_key),
    constraint one_link_a_person_record unique (record_id)
);
comment on table core.customer_link is 'one row per source record of a person: which customer it is';
comment on column core.customer_link.source is 'name of the source';
comment on column core.customer_link.record_key is 'key of the record in the source; an order''s e-mail address as email:…';
comment on column core.customer_link.record_id is 'both of them, as source:key';
comment on column core.customer_link.customer_id is 'the customer, made from the smallest member''s key';
create index customer_link_by_customer on core.customer_link (customer_id);

create table core.company_link (
    source text not null,
    record_key text not null,
    record_id text not null,
    company_id text not null,
    constraint pk_company_link primary key (source, record_key),
    constraint one_link_a_company_record unique (record_id)
);
comment on table core.company_link is 'one row per source record of an organisation: which company it is';
comment on column core.company_link.source is 'name of the source';
comment on column core.company_link.record_key is 'key of the record in the source';
comment on column core.company_link.record_id is 'both of them, as source:key';
comment on column core.company_link.company_id is 'the company, made from the smallest member''s key';
create index company_link_by_company on core.company_link (company_id);

create table core.identity_alias (
    canonical_id text not null,
    kind text not null,
    record_id text not null,
    given_at timestamptz not null default now(),
    constraint pk_identity_alias primary key (canonical_id)
);
comment on table core.identity_alias is 'one row per id that a customer or a company was ever given: the record that it is made from';
comment on column core.identity_alias.canonical_id is 'the id';
comment on column core.identity_alias.kind is 'person or organisation';
comment on column core.identity_alias.record_id is 'the record that was the smallest of its members: whoever that is today is who the id names';
comment on column core.identity_alias.given_at is 'when it was given out first';

create view core.customer_alias as
select
    a.canonical_id as alias_id,
    l.customer_id,
    a.given_at
from core.identity_alias as a
inner join core.customer_link as l on a.record_id = l.record_id
where a.kind = 'person';
comment on view core.customer_alias is 'one row per customer id that was ever given out: the customer that it names today';

create table core.customer_change (
    change_id bigint generated always as identity,
    changed_at timestamptz not null default now(),
    kind text not null,
    change text not null,
    canonical_id text not null,
    other_id text not null,
    record_id text not null,
    reason text not null,
    model_id bigint,
    constraint pk_customer_change primary key (change_id)
);
comment on table core.customer_change is 'one row per record that went from one customer (or company) to another: merges and splits, and why';
comment on column core.customer_change.change_id is 'number of the change';
comment on column core.customer_change.changed_at is 'when';
comment on column core.customer_change.kind is 'person or organisation';
comment on column core.customer_change.change is 'merged or split';
comment on column core.customer_change.canonical_id is 'the id that the record has now';
comment on column core.customer_change.other_id is 'the id that it had before';
comment on column core.customer_change.record_id is 'the record';
comment on column core.customer_change.reason is 'what it is held together by now, or why it went: fields that agree, a decision, a new model';
comment on column core.customer_change.model_id is 'the model that was in force';
create index customer_change_by_id on core.customer_change (canonical_id);

create table ops.identity_model (
    model_id bigint generated always as identity,
    kind text not null,
    trained_at timestamptz not null default now(),
    records bigint not null,
    model json not null,
    applied_at timestamptz,
    constraint pk_identity_model primary key (model_id)
);
comment on table ops.identity_model is 'one row per training of the identity model; the newest of a kind is in force, and frozen until the next';
comment on column ops.identity_model.model_id is 'number of the model';
comment on column ops.identity_model.kind is 'person or organisation';
comment on column ops.identity_model.trained_at is 'when it was trained';
comment on column ops.identity_model.records is 'records that it was trained on';
comment on column ops.identity_model.model is 'its settings, weights, thresholds and term frequencies';
comment on column ops.identity_model.applied_at is 'when a build of core first linked all records by it';

drop table core.dim_customer;
create table core.dim_customer (
    customer_id text not null,
    valid_from timestamptz not null,
    valid_to timestamptz,
    is_current boolean not null,
    full_name text,
    given_name text,
    family_name text,
    email text,
    phone text,
    job_title text,
    company_id text,
    company_name text,
    website text,
    house_number text,
    street text,
    unit text,
    postcode text,
    city text,
    state text,
    country text,
    language text,
    birth_date date,
    lifecycle_stage text,
    first_seen_at timestamptz not null,
    is_deleted boolean not null default false,
    given_by jsonb not null default '{}',
    constraint pk_dim_customer primary key (customer_id, valid_from),
    constraint no_overlap_of_customer exclude using gist (
        customer_id with =, tstzrange(valid_from, valid_to) with &&
    )
);
comment on table core.dim_customer is 'one row per customer and period in which nothing about them changed: the golden record';
comment on column core.dim_customer.customer_id is 'the customer';
comment on column core.dim_customer.valid_from is 'start of the period, included';
comment on column core.dim_customer.valid_to is 'end of the period, excluded; null for the present';
comment on column core.dim_customer.is_current is 'whether the period is the present one';
comment on column core.dim_customer.full_name is 'name';
comment on column core.dim_customer.given_name is 'first name';
comment on column core.dim_customer.family_name is 'last name';
comment on column core.dim_customer.email is 'e-mail address';
comment on column core.dim_customer.phone is 'telephone number, E.164';
comment on column core.dim_customer.job_title is 'job title';
comment on column core.dim_customer.company_id is 'the company, in core.dim_company';
comment on column core.dim_customer.company_name is 'the company''s name as the person''s record has it';
comment on column core.dim_customer.website is 'registrable domain of their web site';
comment on column core.dim_customer.house_number is 'house number';
comment on column core.dim_customer.street is 'street';
comment on column core.dim_customer.unit is 'flat, floor or suite';
comment on column core.dim_customer.postcode is 'postal code';
comment on column core.dim_customer.city is 'city';
comment on column core.dim_customer.state is 'state, province or region';
comment on column core.dim_customer.country is 'country, ISO 3166-1 alpha-2';
comment on column core.dim_customer.language is 'language, BCP 47';
comment on column core.dim_customer.birth_date is 'date of birth';
comment on column core.dim_customer.lifecycle_stage is 'the source''s word for how far the customer is';
comment on column core.dim_customer.first_seen_at is 'earliest creation that a source tells, else its first version';
comment on column core.dim_customer.is_deleted is 'whether every source that had them says that they are gone';
comment on column core.dim_customer.given_by is 'column → the source record that gave the value, as source:key';

drop table core.dim_company;
create table core.dim_company (
    company_id text not null,
    valid_from timestamptz not null,
    valid_to timestamptz,
    is_current boolean not null,
    name text,
    domain text,
    industry text,
    phone text,
    house_number text,
    street text,
    unit text,
    postcode text,
    city text,
    state text,
    country text,
    employees bigint,
    annual_revenue numeric,
    parent_name text,
    first_seen_at timestamptz not null,
    is_deleted boolean not null default false,
    given_by jsonb not null default '{}',
    constraint pk_dim_company primary key (company_id, valid_from),
    constraint no_overlap_of_company exclude using gist (
        company_id with =, tstzrange(valid_from, valid_to) with &&
    )
);
comment on table core.dim_company is 'one row per company and period in which nothing about it changed: the golden record';
comment on column core.dim_company.company_id is 'the company';
comment on column core.dim_company.valid_from is 'start of the period, included';
comment on column core.dim_company.valid_to is 'end of the period, excluded; null for the present';
comment on column core.dim_company.is_current is 'whether the period is the present one';
comment on column core.dim_company.name is 'name';
comment on column core.dim_company.domain is 'registrable web domain';
comment on column core.dim_company.industry is 'industry as given';
comment on column core.dim_company.phone is 'telephone number, E.164';
comment on column core.dim_company.house_number is 'house number';
comment on column core.dim_company.street is 'street';
comment on column core.dim_company.unit is 'flat, floor or suite';
comment on column core.dim_company.postcode is 'postal code';
comment on column core.dim_company.city is 'city';
comment on column core.dim_company.state is 'state, province or region';
comment on column core.dim_company.country is 'country, ISO 3166-1 alpha-2';
comment on column core.dim_company.employees is 'number of employees';
comment on column core.dim_company.annual_revenue is 'revenue a year, in the source''s unit';
comment on column core.dim_company.parent_name is 'name of the parent company';
comment on column core.dim_company.first_seen_at is 'earliest creation that a source tells, else its first version';
comment on column core.dim_company.is_deleted is 'whether every source that had it says that it is gone';
comment on column core.dim_company.given_by is 'column → the source record that gave the value, as source:key';

-- all of core is made again by the next build, from all that was ever staged
update ops.load set core_at = null
where core_at is not null;
