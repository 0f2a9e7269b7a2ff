-- One screen a customer, what they are found by, and how good the sources' data is.

create extension if not exists pg_trgm;
create extension if not exists unaccent;
-- whoever runs the server may have put them into a schema of their own
do $$
begin
    perform set_config('search_path', 'ops, ' || string_agg(distinct extnamespace::regnamespace::text, ', '), true)
    from pg_extension
    where extname in ('pg_trgm', 'unaccent');
end
$$;

drop table mart.customer;
create table mart.customer_360 (
    customer_id text not null,
    full_name text,
    given_name text,
    family_name text,
    email text,
    phone text,
    job_title text,
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
    company_id text,
    company_name text,
    company_domain text,
    company_industry text,
    owner_id text,
    owner_name text,
    given_by jsonb not null default '{}',
    filled_from jsonb not null default '{}',
    first_seen_at timestamptz not null,
    records bigint not null,
    sources text[] not null,
    deals bigint not null default 0,
    open_deals bigint not null default 0,
    won_deals bigint not null default 0,
    lost_deals bigint not null default 0,
    deal_currency text,
    open_amount numeric not null default 0,
    won_amount numeric not null default 0,
    deals_in_other_currencies bigint not null default 0,
    last_activity_at timestamptz,
    tickets bigint not null default 0,
    open_tickets bigint not null default 0,
    last_ticket_at timestamptz,
    good_ratings bigint not null default 0,
    bad_ratings bigint not null default 0,
    orders bigint not null default 0,
    first_order_at timestamptz,
    last_order_at timestamptz,
    order_currency text,
    order_amount numeric not null default 0,
    orders_in_other_currencies bigint not null default 0,
    last_touch_at timestamptz,
    completeness numeric not null,
    constraint pk_customer_360 primary key (customer_id)
);
comment on table mart.customer_360 is 'one row per customer, as they are now: who they are, and what sales and service have to do with them';
comment on column mart.customer_360.customer_id is 'the customer';
comment on column mart.customer_360.full_name is 'name';
comment on column mart.customer_360.given_name is 'first name';
comment on column mart.customer_360.family_name is 'last name';
comment on column mart.customer_360.email is 'e-mail address';
comment on column mart.customer_360.phone is 'telephone number, E.164';
comment on column mart.customer_360.job_title is 'job title';
comment on column mart.customer_360.website is 'registrable domain of their web site';
comment on column mart.customer_360.house_number is 'house number';
comment on column mart.customer_360.street is 'street';
comment on column mart.customer_360.unit is 'flat, floor or suite';
comment on column mart.customer_360.postcode is 'postal code';
comment on column mart.customer_360.city is 'city';
comment on column mart.customer_360.state is 'state, province or region';
comment on column mart.customer_360.country is 'country, ISO 3166-1 alpha-2';
comment on column mart.customer_360.language is 'language, BCP 47';
comment on column mart.customer_360.birth_date is 'date of birth';
comment on column mart.customer_360.lifecycle_stage is 'the source''s word for how far the customer is';
comment on column mart.customer_360.company_id is 'the company, in core.dim_company';
comment on column mart.customer_360.company_name is 'name of the company as the person''s record has it, else the company''s own';
comment on column mart.customer_360.company_domain is 'registrable web domain of the company';
comment on column mart.customer_360.company_industry is 'industry of the company';
comment on column mart.customer_360.owner_id is 'rep of their newest open deal, else of their latest record that names one; in core.dim_rep';
comment on column mart.customer_360.owner_name is 'name of the rep';
comment on column mart.customer_360.given_by is 'column → the source record that gave the value, as source:key';
comment on column mart.customer_360.filled_from is 'column → the company whose value it is, where no record of the customer has one';
comment on column mart.customer_360.first_seen_at is 'earliest creation that a source tells, else its first version';
comment on column mart.customer_360.records is 'source records that are this customer';
comment on column mart.customer_360.sources is 'the sources that have them';
comment on column mart.customer_360.deals is 'deals on which they are the contact';
comment on column mart.customer_360.open_deals is 'of these, open';
comment on column mart.customer_360.won_deals is 'of these, won';
comment on column mart.customer_360.lost_deals is 'of these, lost';
comment on column mart.customer_360.deal_currency is 'currency of most of their deals, then of the larger amount, then the first by alphabet; XXX when none is told';
comment on column mart.customer_360.open_amount is 'amount of the open deals in deal_currency';
comment on column mart.customer_360.won_amount is 'amount of the won deals in deal_currency';
comment on column mart.customer_360.deals_in_other_currencies is 'deals that are in neither amount, being in another currency';
comment on column mart.customer_360.last_activity_at is 'last call, e-mail, meeting or task with them that was done';
comment on column mart.customer_360.tickets is 'tickets they asked';
comment on column mart.customer_360.open_tickets is 'of these, neither solved nor closed';
comment on column mart.customer_360.last_ticket_at is 'when the last of them was opened';
comment on column mart.customer_360.good_ratings is 'tickets whose last rating is good';
comment on column mart.customer_360.bad_ratings is 'tickets whose last rating is bad';
comment on column mart.customer_360.orders is 'orders';
comment on column mart.customer_360.first_order_at is 'first order';
comment on column mart.customer_360.last_order_at is 'last order';
comment on column mart.customer_360.order_currency is 'currency in which they ordered on most days, then the latest, then the first by alphabet; XXX when none is told';
comment on column mart.customer_360.order_amount is 'amount of the orders in order_currency';
comment on column mart.customer_360.orders_in_other_currencies is 'orders that are not in the amount, being in another currency';
comment on column mart.customer_360.last_touch_at is 'latest of their activities, tickets, public messages on these, ratings and orders';
comment on column mart.customer_360.completeness is 'share of name, e-mail, phone, company, country and language that their records fill with valid values, 0 to 1';
create index customer_360_by_company on mart.customer_360 (company_id) where company_id is not null;

-- What is searched and what is typed are folded by the same function.
create function mart.search_words(told text) returns text
language sql stable parallel safe
return regexp_replace(unaccent(lower(told)), '[[:punct:]$+<=>^`|~]', ' ', 'g');
comment on function mart.search_words(text) is 'the words of a text as they are searched: small letters, no accents, blanks for punctuation';

create table mart.customer_search (
    customer_id text not null,
    keys text[] not null,
    words text not null,
    constraint pk_customer_search primary key (customer_id)
);
comment on table mart.customer_search is 'one row per customer: what they are found by, of all that their records tell or ever told';
comment on column mart.customer_search.customer_id is 'the customer';
comment on column mart.customer_search.keys is 'e-mail addresses in small letters, also as keys for matching, and telephone numbers, E.164';
comment on column mart.customer_search.words is 'names, addresses, numbers and companies as mart.search_words makes them, between blanks';
create index customer_search_by_key on mart.customer_search using gin (keys);
create index customer_search_by_words on mart.customer_search using gin (words gin_trgm_ops);

create index customer_link_by_key on core.customer_link (record_key);
create index identity_alias_by_record on core.identity_alias (record_id);
create index customer_change_by_record on core.customer_change (record_id);
create index customer_change_by_other on core.customer_change (other_id);
create index deal_by_customer on mart.deal (customer_id) where customer_id is not null;
create index ticket_by_customer on mart.ticket (customer_id) where customer_id is not null;
create index customer_order_by_customer on mart.customer_order (customer_id) where customer_id is not null;

create table mart.data_quality_daily (
    day_on date not null,
    source text not null,
    kind text not null,
    field text not null,
    records bigint not null,
    filled bigint not null,
    valid bigint not null,
    distinct_values bigint not null,
    changed bigint not null,
    completeness numeric not null,
    constraint pk_data_quality_daily primary key (day_on, source, kind, field)
);
comment on table mart.data_quality_daily is 'one row per day, source, kind of record and field that the source had filled by then: how good its values were at the day''s end';
comment on column mart.data_quality_daily.day_on is 'business day';
comment on column mart.data_quality_daily.source is 'name of the source';
comment on column mart.data_quality_daily.kind is 'person or organisation';
comment on column mart.data_quality_daily.field is 'field of the golden record';
comment on column mart.data_quality_daily.records is 'records that the source had, deleted ones and people who work for us left out';
comment on column mart.data_quality_daily.filled is 'of these, records in which the field was not empty';
comment on column mart.data_quality_daily.valid is 'of these, records in which cleaning found the value usable';
comment on column mart.data_quality_daily.distinct_values is 'different clean values among the valid ones';
comment on column mart.data_quality_daily.changed is 'records of the day before in which the value was another one, came or went';
comment on column mart.data_quality_daily.completeness is 'valid ÷ records, 0 to 1';
