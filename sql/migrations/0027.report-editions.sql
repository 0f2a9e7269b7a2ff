-- Report editions: in which language they are.

alter table ops.report_edition add column language text not null default 'en' check (language in ('en', 'zh'));
comment on column ops.report_edition.language is 'language that the report is in';
