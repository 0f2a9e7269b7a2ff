-- Reports in several languages.

alter table ops.report_edition
add column language text not null default 'en',
add constraint report_edition_language check (language in ('en', 'zh'));
comment on column ops.report_edition.subject is 'customers, sales, service, or summary of all three';
comment on column ops.report_edition.language is 'language that the page is in, BCP 47';
