-- Replies: the examples that the intent model in force was fitted on.

create table ops.reply_example (
    example_no integer not null,
    model_run_id text not null,
    text text not null,
    intent text not null,
    language text,
    constraint pk_reply_example primary key (example_no),
    constraint fk_reply_example_model_run foreign key (model_run_id) references ops.model_run (model_run_id)
);
comment on table ops.reply_example is 'one row per example of the intent model in force: fitted on them again, in their order, it is the same model';
comment on column ops.reply_example.example_no is 'place among the examples, from 0';
comment on column ops.reply_example.model_run_id is 'the model, in ops.model_run, with its temperature and thresholds; the same in all rows';
comment on column ops.reply_example.text is 'what a customer wrote, without markup, earlier mail and signature';
comment on column ops.reply_example.intent is 'what it asks, a file in include/config/replies';
comment on column ops.reply_example.language is 'language, BCP 47; null when not told';

create index fct_ticket_by_requester on core.fct_ticket (source, requester_key);
comment on index core.fct_ticket_by_requester is 'what somebody asked';

comment on column ops.model_run.model is 'bg_nbd, gamma_gamma, clusters, weekly_forecast, win_probability, intents';
comment on column ops.model_run.rows is 'rows of the data: customers, deals, examples';
