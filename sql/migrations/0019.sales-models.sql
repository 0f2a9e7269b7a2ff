-- Sales models: forecasts and how they turned out, chances of open deals, anomalies, clusters.

create view mart.sales_event as
select
    'new_deals' as series,
    created_at as at,
    1::numeric as figure,
    team,
    rep_name,
    product_name,
    lead_source
from mart.deal
union all
select
    status || '_deals' as series,
    closed_at as at,
    1 as figure,
    team,
    rep_name,
    product_name,
    lead_source
from mart.deal
where status <> 'open' and closed_at is not null
union all
select
    'bookings' as series,
    closed_at as at,
    reporting_amount as figure,
    team,
    rep_name,
    product_name,
    lead_source
from mart.deal
where status = 'won' and closed_at is not null and reporting_amount is not null
union all
select
    'activities' as series,
    a.occurred_at as at,
    1 as figure,
    r.team,
    r.full_name as rep_name,
    null as product_name,
    null as lead_source
from core.fct_activity as a
left join core.dim_rep as r on a.source || ':' || a.owner_key = r.rep_id and r.is_current
where not a.is_deleted and a.occurred_at is not null;
comment on view mart.sales_event is 'one row per thing that the series of forecasts and anomalies are made of, when it happened';
comment on column mart.sales_event.series is 'new_deals, won_deals, lost_deals, activities: each counts 1; bookings: amount of a won deal in the reporting currency';
comment on column mart.sales_event.at is 'when it happened';
comment on column mart.sales_event.figure is 'what it adds to the series';
comment on column mart.sales_event.team is 'team of the rep';
comment on column mart.sales_event.rep_name is 'the rep';
comment on column mart.sales_event.product_name is 'product of the deal';
comment on column mart.sales_event.lead_source is 'where the deal came from';

create table mart.sales_forecast (
    model_run_id text not null,
    series text not null,
    known_to date not null,
    period text not null,
    period_start date not null,
    periods_ahead integer not null,
    known_amount numeric not null,
    expected numeric not null,
    low_80 numeric not null,
    high_80 numeric not null,
    low_95 numeric not null,
    high_95 numeric not null,
    method text not null,
    made_at timestamptz not null default now(),
    constraint pk_sales_forecast primary key (series, known_to, period, period_start)
);
comment on table mart.sales_forecast is 'one row per series, week that it was made after, and period foretold; made once, never changed';
comment on column mart.sales_forecast.model_run_id is 'the model, in ops.model_run, with its backtest';
comment on column mart.sales_forecast.series is 'bookings: amount of won deals by close date, in the reporting currency; new_deals: deals created; activities: activities of reps';
comment on column mart.sales_forecast.known_to is 'the last day, a Sunday, of which anything was known';
comment on column mart.sales_forecast.period is 'week or month';
comment on column mart.sales_forecast.period_start is 'its first day; of a week a Monday';
comment on column mart.sales_forecast.periods_ahead is '1 for the first that was not over, and so on';
comment on column mart.sales_forecast.known_amount is 'what of the period had happened by known_to; part of what is expected';
comment on column mart.sales_forecast.expected is 'the forecast of the whole period';
comment on column mart.sales_forecast.low_80 is 'lower end of the interval that has the figure four times of five';
comment on column mart.sales_forecast.high_80 is 'its upper end';
comment on column mart.sales_forecast.low_95 is 'lower end of the interval that has the figure nineteen times of twenty';
comment on column mart.sales_forecast.high_95 is 'its upper end';
comment on column mart.sales_forecast.method is 'the method that did best in the backtest';
comment on column mart.sales_forecast.made_at is 'when it was made';

create table mart.sales_forecast_accuracy (
    series text not null,
    known_to date not null,
    period text not null,
    period_start date not null,
    periods_ahead integer not null,
    method text not null,
    expected numeric not null,
    actual numeric not null,
    error numeric not null,
    is_inside_80 boolean not null,
    is_inside_95 boolean not null,
    constraint pk_sales_forecast_accuracy primary key (series, known_to, period, period_start)
);
comment on table mart.sales_forecast_accuracy is 'one row per row of mart.sales_forecast whose period is over: how it turned out';
comment on column mart.sales_forecast_accuracy.series is 'as in mart.sales_forecast';
comment on column mart.sales_forecast_accuracy.known_to is 'the last day of which anything was known';
comment on column mart.sales_forecast_accuracy.period is 'week or month';
comment on column mart.sales_forecast_accuracy.period_start is 'its first day';
comment on column mart.sales_forecast_accuracy.periods_ahead is '1 for the first that was not over, and so on';
comment on column mart.sales_forecast_accuracy.method is 'the method that was chosen';
comment on column mart.sales_forecast_accuracy.expected is 'what was foretold';
comment on column mart.sales_forecast_accuracy.actual is 'what came, as it is known today';
comment on column mart.sales_forecast_accuracy.error is 'expected less actual';
comment on column mart.sales_forecast_accuracy.is_inside_80 is 'whether the 80 % interval had it';
comment on column mart.sales_forecast_accuracy.is_inside_95 is 'whether the 95 % interval had it';

create index fct_activity_by_deal on core.fct_activity (source, deal_key, occurred_at) where deal_key is not null;

create table mart.deal_outlook (
    source text not null,
    deal_id text not null,
    known_to date not null,
    method text not null,
    win_probability numeric not null,
    stage_rate numeric not null,
    reasons text[] not null,
    likely_close_month date,
    expected_amount numeric,
    unlike_peers text[] not null,
    model_run_id text not null,
    constraint pk_deal_outlook primary key (source, deal_id)
);
comment on table mart.deal_outlook is 'one row per open deal: its chance to be won, and why, as of the last day built';
comment on column mart.deal_outlook.source is 'source of the deal';
comment on column mart.deal_outlook.deal_id is 'the deal, as in mart.deal';
comment on column mart.deal_outlook.known_to is 'the last day of which anything was known';
comment on column mart.deal_outlook.method is 'model, or stage_rate where too few deals have closed or the model was no better';
comment on column mart.deal_outlook.win_probability is 'chance to be won in the end, 0 to 1';
comment on column mart.deal_outlook.stage_rate is 'share of the deals that were open in its stage which were won in the end, 0 to 1';
comment on column mart.deal_outlook.reasons is 'what moves the chance most, the strongest first, in words; + raises and - lowers it';
comment on column mart.deal_outlook.likely_close_month is 'first day of the month in which deals of its age are won most often; null where none was';
comment on column mart.deal_outlook.expected_amount is 'amount by chance, in the reporting currency; null without an amount';
comment on column mart.deal_outlook.unlike_peers is 'in what it is unlike its peers: longer in its stage than deals may stay there (mart.sales_stage), an amount far from those of its product';
comment on column mart.deal_outlook.model_run_id is 'the model, in ops.model_run, with its features and how it did on later deals';
create index fct_activity_by_time on core.fct_activity (occurred_at);
comment on index core.fct_activity_by_time is 'what was done on a day';
comment on index core.fct_activity_by_deal is 'what was done for a deal, and when';

create table mart.sales_expectation (
    series text not null,
    period text not null,
    period_start date not null,
    actual numeric not null,
    expected numeric not null,
    low numeric not null,
    high numeric not null,
    is_anomaly boolean not null,
    explained_by text[] not null default '{}',
    constraint pk_sales_expectation primary key (series, period, period_start)
);
comment on table mart.sales_expectation is 'one row per series and day, or week, that is over: what its own history before it allowed for, and what came';
comment on column mart.sales_expectation.series is 'new_deals, won_deals, lost_deals, activities: counts; bookings: amount of won deals in the reporting currency, by week only';
comment on column mart.sales_expectation.period is 'day or week';
comment on column mart.sales_expectation.period_start is 'its first day; of a week a Monday';
comment on column mart.sales_expectation.actual is 'what came, by event time';
comment on column mart.sales_expectation.expected is 'the mean that trend, weekday, holidays and period ends let expect, from the year before its week';
comment on column mart.sales_expectation.low is 'the lowest ordinary figure: five of a thousand are below it';
comment on column mart.sales_expectation.high is 'the highest ordinary figure: five of a thousand are above it';
comment on column mart.sales_expectation.is_anomaly is 'whether what came is out of the range';
comment on column mart.sales_expectation.explained_by is 'of an anomaly: the parts that explain most, each with the share of the deviation that is its own';

create table mart.account_cluster (
    company_id text not null,
    company_name text,
    known_to date not null,
    cluster text not null,
    cluster_month_before text,
    model_run_id text not null,
    constraint pk_account_cluster primary key (company_id)
);
comment on table mart.account_cluster is 'one row per company with deals: the group of alike companies that it is in, when groups can be told apart';
comment on column mart.account_cluster.company_id is 'the company, as in core.dim_company';
comment on column mart.account_cluster.company_name is 'its name';
comment on column mart.account_cluster.known_to is 'the last day of which anything was known';
comment on column mart.account_cluster.cluster is 'name of the group, from what sets it apart';
comment on column mart.account_cluster.cluster_month_before is 'its group a month earlier, by the same groups; null without deals by then';
comment on column mart.account_cluster.model_run_id is 'the groups, in ops.model_run, with features and stability';

create table mart.deal_cluster (
    source text not null,
    deal_id text not null,
    known_to date not null,
    cluster text not null,
    cluster_month_before text,
    model_run_id text not null,
    constraint pk_deal_cluster primary key (source, deal_id)
);
comment on table mart.deal_cluster is 'one row per open deal: the group of alike deals that it is in, when groups can be told apart';
comment on column mart.deal_cluster.source is 'source of the deal';
comment on column mart.deal_cluster.deal_id is 'the deal, as in mart.deal';
comment on column mart.deal_cluster.known_to is 'the last day of which anything was known';
comment on column mart.deal_cluster.cluster is 'name of the group, from what sets it apart';
comment on column mart.deal_cluster.cluster_month_before is 'its group a month earlier, by the same groups; null where it was not open then';
comment on column mart.deal_cluster.model_run_id is 'the groups, in ops.model_run, with features and stability';
