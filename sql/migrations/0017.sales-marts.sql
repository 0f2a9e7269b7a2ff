-- Sales marts: figures by period, the funnel, the path that deals take, slippage, coverage, activity.

alter table mart.deal add column process_name text;
comment on column mart.deal.process_name is 'the process of its stage';
alter table mart.deal add column is_stage_known boolean not null default true;
comment on column mart.deal.is_stage_known is 'whether sales.yaml or the source knows the stage; a deal in an unknown stage counts as open';
alter table mart.deal add column reporting_amount numeric;
comment on column mart.deal.reporting_amount is 'amount in reporting_currency at the rate of the day of closing, of the last day built while open; null when there is no rate';
alter table mart.deal add column reporting_weighted_amount numeric;
comment on column mart.deal.reporting_weighted_amount is 'reporting_amount × probability';
alter table mart.deal add column reporting_currency text;
comment on column mart.deal.reporting_currency is 'the currency that sales.yaml reports in';

alter table mart.deal_stage add column is_stage_known boolean not null default true;
comment on column mart.deal_stage.is_stage_known is 'whether sales.yaml or the source knows the stage';
alter table mart.deal_stage add column process_name text;
comment on column mart.deal_stage.process_name is 'the process of the stage';
alter table mart.deal_stage add column process_stage text;
comment on column mart.deal_stage.process_stage is 'its standard stage in the process';
alter table mart.deal_stage add column process_step integer;
comment on column mart.deal_stage.process_step is 'place among the stages that lead to winning, from 1; null for a stage of losing or an unknown one';
alter table mart.deal_stage add column origin text;
comment on column mart.deal_stage.origin is 'what tells the visit: history, events, dates or versions';
alter table mart.deal_stage add column is_mended boolean not null default false;
comment on column mart.deal_stage.is_mended is 'whether it was added because the source''s moves end elsewhere than its deal stands';
alter table mart.deal_stage add column move text;
comment on column mart.deal_stage.move is 'how it came there: start, forward, skip (over a stage), back, lost, within (one standard stage), unknown (a stage that nobody knows, another process)';
alter table mart.deal_stage add column is_allowed boolean;
comment on column mart.deal_stage.is_allowed is 'whether the process allows the move; null where it is none between two of its stages';
alter table mart.deal_stage add column previous_stage text;
comment on column mart.deal_stage.previous_stage is 'standard stage of the visit before';
alter table mart.deal_stage add column previous_days numeric;
comment on column mart.deal_stage.previous_days is 'days of the visit before';

create table mart.deal_path (
    source text not null,
    deal_id text not null,
    process_name text,
    path text not null,
    moves integer not null,
    skipped_stages integer not null,
    repeated_stages integer not null,
    back_moves integer not null,
    forbidden_moves integer not null,
    unknown_stages integer not null,
    mended_visits integer not null,
    is_standard boolean not null,
    constraint pk_deal_path primary key (source, deal_id)
);
comment on table mart.deal_path is 'one row per deal: the way it took through its process';
comment on column mart.deal_path.source is 'name of the source';
comment on column mart.deal_path.deal_id is 'key of the deal';
comment on column mart.deal_path.process_name is 'the process of its stages; of several, the first by name';
comment on column mart.deal_path.path is 'its standard stages in order, with > between';
comment on column mart.deal_path.moves is 'moves from one standard stage to another';
comment on column mart.deal_path.skipped_stages is 'stages that it went over; those before its first one count where the source tells its moves';
comment on column mart.deal_path.repeated_stages is 'visits to a standard stage that it had left before';
comment on column mart.deal_path.back_moves is 'moves to an earlier stage';
comment on column mart.deal_path.forbidden_moves is 'moves that the process does not allow';
comment on column mart.deal_path.unknown_stages is 'visits to stages that neither sales.yaml nor the source knows';
comment on column mart.deal_path.mended_visits is 'visits that were added because the source disagrees with itself';
comment on column mart.deal_path.is_standard is 'whether it skipped, repeated and went back nowhere, and all its stages are known';

create table mart.sales_stage (
    source text not null,
    stage_key text not null,
    stage_name text not null,
    process_name text not null,
    process_stage text not null,
    won_visits bigint not null,
    median_days numeric,
    p90_days numeric,
    may_stay_days numeric,
    is_learned boolean not null,
    constraint pk_sales_stage primary key (source, stage_key)
);
comment on table mart.sales_stage is 'one row per stage: how long deals stay, and how long they may';
comment on column mart.sales_stage.source is 'name of the source';
comment on column mart.sales_stage.stage_key is 'key of the stage, as deals carry it';
comment on column mart.sales_stage.stage_name is 'name of the stage';
comment on column mart.sales_stage.process_name is 'the process of the stage';
comment on column mart.sales_stage.process_stage is 'its standard stage in the process';
comment on column mart.sales_stage.won_visits is 'visits, ended in the 365 days up to the last day built, of deals that were won';
comment on column mart.sales_stage.median_days is 'their median length';
comment on column mart.sales_stage.p90_days is 'the length that nine of ten did not go over';
comment on column mart.sales_stage.may_stay_days is 'days that a deal may stay: told by sales.yaml, else p90_days';
comment on column mart.sales_stage.is_learned is 'whether may_stay_days was learned from won deals';

create table mart.sales_period (
    period text not null,
    period_start date not null,
    source text not null,
    dimension text not null,
    member text not null,
    member_name text,
    created_deals bigint not null,
    created_amount numeric not null,
    won_deals bigint not null,
    won_amount numeric not null,
    lost_deals bigint not null,
    lost_amount numeric not null,
    win_rate numeric,
    win_rate_amount numeric,
    deal_size numeric,
    mean_cycle_days numeric,
    median_cycle_days numeric,
    open_deals bigint not null,
    pipeline numeric not null,
    unconverted_deals bigint not null,
    reporting_currency text not null,
    constraint pk_sales_period primary key (period, period_start, source, dimension, member)
);
comment on table mart.sales_period is 'one row per period, source, dimension and member: deals created, won, lost and open; amounts in one currency';
comment on column mart.sales_period.period is 'day, week (from Monday), month or quarter';
comment on column mart.sales_period.period_start is 'first day of the period';
comment on column mart.sales_period.source is 'name of the source';
comment on column mart.sales_period.dimension is 'what the figures are broken down by: source, rep, team, region, product or lead_source';
comment on column mart.sales_period.member is 'the one it is of: a rep by rep_id, others by name; empty for deals without one';
comment on column mart.sales_period.member_name is 'name of the member; null for deals without one';
comment on column mart.sales_period.created_deals is 'deals created in the period';
comment on column mart.sales_period.created_amount is 'their amount, at the rate of that day';
comment on column mart.sales_period.won_deals is 'deals won, by close date';
comment on column mart.sales_period.won_amount is 'their amount, at the rate of that day';
comment on column mart.sales_period.lost_deals is 'deals lost, by close date';
comment on column mart.sales_period.lost_amount is 'their amount, at the rate of that day';
comment on column mart.sales_period.win_rate is 'won ÷ (won + lost), deals';
comment on column mart.sales_period.win_rate_amount is 'won ÷ (won + lost), amounts';
comment on column mart.sales_period.deal_size is 'mean amount of the won deals that have one';
comment on column mart.sales_period.mean_cycle_days is 'sales cycle: mean days from created to closed of the won deals';
comment on column mart.sales_period.median_cycle_days is 'the same, median';
comment on column mart.sales_period.open_deals is 'deals open at the period''s end (of a period that has not ended: by what is known)';
comment on column mart.sales_period.pipeline is 'their amount, at the rate of the period''s last day, or of the last day built before it';
comment on column mart.sales_period.unconverted_deals is 'how often a deal counts here whose amount is in no sum, for want of a rate of its currency: created and won, it counts twice';
comment on column mart.sales_period.reporting_currency is 'the currency of the amounts';

create index sales_period_by_dimension on mart.sales_period (dimension, period, period_start);

create view mart.sales_rep_period as
select
    p.period,
    p.period_start,
    p.source,
    p.member as rep_id,
    p.member_name as rep_name,
    r.team,
    r.region,
    p.created_deals,
    p.created_amount,
    p.won_deals,
    p.won_amount,
    p.lost_deals,
    p.lost_amount,
    p.win_rate,
    p.win_rate_amount,
    p.deal_size,
    p.mean_cycle_days,
    p.median_cycle_days,
    p.open_deals,
    p.pipeline,
    p.unconverted_deals,
    p.reporting_currency
from mart.sales_period as p
left join core.dim_rep as r on p.member = r.rep_id and r.is_current
where p.dimension = 'rep';
comment on view mart.sales_rep_period is 'one row per period and rep: their figures; amounts in one currency';
comment on column mart.sales_rep_period.period is 'day, week (from Monday), month or quarter';
comment on column mart.sales_rep_period.period_start is 'first day of the period';
comment on column mart.sales_rep_period.source is 'name of the source';
comment on column mart.sales_rep_period.rep_id is 'the rep, in core.dim_rep; empty for deals without one';
comment on column mart.sales_rep_period.rep_name is 'name of the rep';
comment on column mart.sales_rep_period.team is 'team of the rep, as it is now';
comment on column mart.sales_rep_period.region is 'region of the rep, as it is now';
comment on column mart.sales_rep_period.created_deals is 'deals created in the period';
comment on column mart.sales_rep_period.created_amount is 'their amount, at the rate of that day';
comment on column mart.sales_rep_period.won_deals is 'deals won, by close date';
comment on column mart.sales_rep_period.won_amount is 'their amount, at the rate of that day';
comment on column mart.sales_rep_period.lost_deals is 'deals lost, by close date';
comment on column mart.sales_rep_period.lost_amount is 'their amount, at the rate of that day';
comment on column mart.sales_rep_period.win_rate is 'won ÷ (won + lost), deals';
comment on column mart.sales_rep_period.win_rate_amount is 'won ÷ (won + lost), amounts';
comment on column mart.sales_rep_period.deal_size is 'mean amount of the won deals that have one';
comment on column mart.sales_rep_period.mean_cycle_days is 'sales cycle: mean days from created to closed of the won deals';
comment on column mart.sales_rep_period.median_cycle_days is 'the same, median';
comment on column mart.sales_rep_period.open_deals is 'deals open at the period''s end (of a period that has not ended: by what is known)';
comment on column mart.sales_rep_period.pipeline is 'their amount, at the rate of the period''s last day, or of the last day built before it';
comment on column mart.sales_rep_period.unconverted_deals is 'how often a deal counts here whose amount is in no sum, for want of a rate of its currency: created and won, it counts twice';
comment on column mart.sales_rep_period.reporting_currency is 'the currency of the amounts';

create view mart.sales_product_period as
select
    period,
    period_start,
    source,
    member_name as product_name,
    created_deals,
    created_amount,
    won_deals,
    won_amount,
    lost_deals,
    lost_amount,
    win_rate,
    win_rate_amount,
    deal_size,
    mean_cycle_days,
    median_cycle_days,
    open_deals,
    pipeline,
    unconverted_deals,
    reporting_currency
from mart.sales_period
where dimension = 'product';
comment on view mart.sales_product_period is 'one row per period and product: its figures; amounts in one currency';
comment on column mart.sales_product_period.period is 'day, week (from Monday), month or quarter';
comment on column mart.sales_product_period.period_start is 'first day of the period';
comment on column mart.sales_product_period.source is 'name of the source';
comment on column mart.sales_product_period.product_name is 'product, by its name in the product list where that has it; null for deals without one';
comment on column mart.sales_product_period.created_deals is 'deals created in the period';
comment on column mart.sales_product_period.created_amount is 'their amount, at the rate of that day';
comment on column mart.sales_product_period.won_deals is 'deals won, by close date';
comment on column mart.sales_product_period.won_amount is 'their amount, at the rate of that day';
comment on column mart.sales_product_period.lost_deals is 'deals lost, by close date';
comment on column mart.sales_product_period.lost_amount is 'their amount, at the rate of that day';
comment on column mart.sales_product_period.win_rate is 'won ÷ (won + lost), deals';
comment on column mart.sales_product_period.win_rate_amount is 'won ÷ (won + lost), amounts';
comment on column mart.sales_product_period.deal_size is 'mean amount of the won deals that have one';
comment on column mart.sales_product_period.mean_cycle_days is 'sales cycle: mean days from created to closed of the won deals';
comment on column mart.sales_product_period.median_cycle_days is 'the same, median';
comment on column mart.sales_product_period.open_deals is 'deals open at the period''s end (of a period that has not ended: by what is known)';
comment on column mart.sales_product_period.pipeline is 'their amount, at the rate of the period''s last day, or of the last day built before it';
comment on column mart.sales_product_period.unconverted_deals is 'how often a deal counts here whose amount is in no sum, for want of a rate of its currency: created and won, it counts twice';
comment on column mart.sales_product_period.reporting_currency is 'the currency of the amounts';

create view mart.sales_velocity as
select
    period,
    period_start,
    source,
    dimension,
    member,
    member_name,
    open_deals,
    win_rate,
    deal_size,
    mean_cycle_days,
    open_deals * win_rate * deal_size / nullif(mean_cycle_days, 0) as velocity,
    reporting_currency
from mart.sales_period
where period in ('month', 'quarter');
comment on view mart.sales_velocity is 'one row per month or quarter and segment: sales velocity and its four parts; amounts in one currency';
comment on column mart.sales_velocity.period is 'day, week (from Monday), month or quarter';
comment on column mart.sales_velocity.period_start is 'first day of the period';
comment on column mart.sales_velocity.source is 'name of the source';
comment on column mart.sales_velocity.dimension is 'what the figures are broken down by: source, rep, team, region, product or lead_source';
comment on column mart.sales_velocity.member is 'the one it is of: a rep by rep_id, others by name; empty for deals without one';
comment on column mart.sales_velocity.member_name is 'name of the member';
comment on column mart.sales_velocity.open_deals is 'open deals at the period''s end';
comment on column mart.sales_velocity.win_rate is 'won ÷ (won + lost), deals closed in the period';
comment on column mart.sales_velocity.deal_size is 'mean amount of the deals won in the period';
comment on column mart.sales_velocity.mean_cycle_days is 'mean days from created to closed of the deals won in the period';
comment on column mart.sales_velocity.velocity is 'open deals × win rate × deal size ÷ sales cycle: money a day; null when a part is missing';
comment on column mart.sales_velocity.reporting_currency is 'the currency of the amounts';

create table mart.sales_funnel (
    period text not null,
    period_start date not null,
    process_name text not null,
    dimension text not null,
    member text not null,
    stage_name text not null,
    process_step integer not null,
    entered_deals bigint not null,
    gone_on_deals bigint not null,
    conversion numeric,
    left_out_deals bigint not null,
    finished_visits bigint not null,
    median_days numeric,
    p90_days numeric,
    constraint pk_sales_funnel primary key (period, period_start, process_name, dimension, member, process_step)
);
comment on table mart.sales_funnel is 'one row per month or quarter, process, member and standard stage: who entered it, who went on, how long they stayed';
comment on column mart.sales_funnel.period is 'month or quarter';
comment on column mart.sales_funnel.period_start is 'first day of the period';
comment on column mart.sales_funnel.process_name is 'name of the process';
comment on column mart.sales_funnel.dimension is 'all, source or team';
comment on column mart.sales_funnel.member is 'the source, or the team; empty for all and for deals without one';
comment on column mart.sales_funnel.stage_name is 'the standard stage';
comment on column mart.sales_funnel.process_step is 'its place among the stages that lead to winning, from 1';
comment on column mart.sales_funnel.entered_deals is 'deals that first came to the stage, or past it, in the period; without left_out_deals';
comment on column mart.sales_funnel.gone_on_deals is 'of these, those that reached any stage after it, or won, up to the last day built';
comment on column mart.sales_funnel.conversion is 'gone_on_deals ÷ entered_deals';
comment on column mart.sales_funnel.left_out_deals is 'open deals that entered it less than median_days before the last day built: in neither';
comment on column mart.sales_funnel.finished_visits is 'visits to the stage that ended in the period';
comment on column mart.sales_funnel.median_days is 'their median length';
comment on column mart.sales_funnel.p90_days is 'the length that nine of ten did not go over';

create table mart.sales_transition (
    period text not null,
    period_start date not null,
    process_name text not null,
    dimension text not null,
    member text not null,
    from_stage text not null,
    to_stage text not null,
    move text not null,
    deals bigint not null,
    moves bigint not null,
    forbidden_moves bigint not null,
    median_days numeric,
    constraint pk_sales_transition primary key (
        period, period_start, process_name, dimension, member, from_stage,
        to_stage, move
    )
);
comment on table mart.sales_transition is 'one row per month or quarter, process, member and pair of standard stages: how often one directly followed the other';
comment on column mart.sales_transition.period is 'month or quarter, of the move';
comment on column mart.sales_transition.period_start is 'first day of the period';
comment on column mart.sales_transition.process_name is 'name of the process';
comment on column mart.sales_transition.dimension is 'all, source or team';
comment on column mart.sales_transition.member is 'the source, or the team; empty for all and for deals without one';
comment on column mart.sales_transition.from_stage is 'standard stage that was left; empty where deals began';
comment on column mart.sales_transition.to_stage is 'standard stage that was entered';
comment on column mart.sales_transition.move is 'start, forward, skip, back, lost or unknown';
comment on column mart.sales_transition.deals is 'deals that made the move';
comment on column mart.sales_transition.moves is 'times that it was made';
comment on column mart.sales_transition.forbidden_moves is 'of these, times that the process did not allow it';
comment on column mart.sales_transition.median_days is 'median days in from_stage before it';

create table mart.sales_conformance (
    period text not null,
    period_start date not null,
    process_name text not null,
    dimension text not null,
    member text not null,
    closed_deals bigint not null,
    standard_deals bigint not null,
    skipping_deals bigint not null,
    repeating_deals bigint not null,
    back_deals bigint not null,
    forbidden_deals bigint not null,
    unknown_deals bigint not null,
    standard_share numeric,
    constraint pk_sales_conformance primary key (period, period_start, process_name, dimension, member)
);
comment on table mart.sales_conformance is 'one row per month or quarter of closing, process and member: how many deals took the standard path';
comment on column mart.sales_conformance.period is 'month or quarter, of closing';
comment on column mart.sales_conformance.period_start is 'first day of the period';
comment on column mart.sales_conformance.process_name is 'name of the process';
comment on column mart.sales_conformance.dimension is 'all, source or team';
comment on column mart.sales_conformance.member is 'the source, or the team; empty for all and for deals without one';
comment on column mart.sales_conformance.closed_deals is 'deals won or lost in the period';
comment on column mart.sales_conformance.standard_deals is 'of these, deals on the standard path: nothing skipped, repeated or gone back';
comment on column mart.sales_conformance.skipping_deals is 'deals that skipped a stage';
comment on column mart.sales_conformance.repeating_deals is 'deals that came to a stage again';
comment on column mart.sales_conformance.back_deals is 'deals that moved to an earlier stage';
comment on column mart.sales_conformance.forbidden_deals is 'deals with a move that the process does not allow';
comment on column mart.sales_conformance.unknown_deals is 'deals that were in a stage that neither sales.yaml nor the source knows';
comment on column mart.sales_conformance.standard_share is 'standard_deals ÷ closed_deals';

create table mart.sales_slippage (
    period text not null,
    period_start date not null,
    source text not null,
    dimension text not null,
    member text not null,
    member_name text,
    due_deals bigint not null,
    due_amount numeric not null,
    closed_deals bigint not null,
    slipped_deals bigint not null,
    slipped_amount numeric not null,
    still_due_deals bigint not null,
    slippage numeric,
    mean_days_moved numeric,
    median_days_moved numeric,
    reporting_currency text not null,
    constraint pk_sales_slippage primary key (period, period_start, source, dimension, member)
);
comment on table mart.sales_slippage is 'one row per month or quarter, source, dimension and member: deals that were to close in it and what became of them';
comment on column mart.sales_slippage.period is 'month or quarter';
comment on column mart.sales_slippage.period_start is 'first day of the period';
comment on column mart.sales_slippage.source is 'name of the source';
comment on column mart.sales_slippage.dimension is 'source, team or rep';
comment on column mart.sales_slippage.member is 'the one it is of: a rep by rep_id; empty for deals without one';
comment on column mart.sales_slippage.member_name is 'name of the member';
comment on column mart.sales_slippage.due_deals is 'deals that, open in the period, were expected to close in it';
comment on column mart.sales_slippage.due_amount is 'their amount, at the rate of the period''s last day';
comment on column mart.sales_slippage.closed_deals is 'of these, deals that closed by the period''s end';
comment on column mart.sales_slippage.slipped_deals is 'of these, deals still open at the period''s end whose close date had moved past it';
comment on column mart.sales_slippage.slipped_amount is 'their amount';
comment on column mart.sales_slippage.still_due_deals is 'of these, deals still open at the period''s end (or now, in a period under way) whose close date had not moved past it';
comment on column mart.sales_slippage.slippage is 'slipped_deals ÷ due_deals';
comment on column mart.sales_slippage.mean_days_moved is 'days from the last close date in the period to the one at its end, mean over slipped deals';
comment on column mart.sales_slippage.median_days_moved is 'the same, median';
comment on column mart.sales_slippage.reporting_currency is 'the currency of the amounts';

create table mart.sales_activity_daily (
    day_on date not null,
    source text not null,
    rep_id text not null,
    activity_type text not null,
    rep_name text,
    team text,
    activities bigint not null,
    completed_activities bigint not null,
    deals bigint not null,
    constraint pk_sales_activity_daily primary key (day_on, source, rep_id, activity_type)
);
comment on table mart.sales_activity_daily is 'one row per day, source, rep and kind of activity';
comment on column mart.sales_activity_daily.day_on is 'business day';
comment on column mart.sales_activity_daily.source is 'name of the source';
comment on column mart.sales_activity_daily.rep_id is 'the rep, in core.dim_rep; empty for activities without one';
comment on column mart.sales_activity_daily.activity_type is 'call, email, meeting or task';
comment on column mart.sales_activity_daily.rep_name is 'name of the rep';
comment on column mart.sales_activity_daily.team is 'team of the rep';
comment on column mart.sales_activity_daily.activities is 'activities of the day';
comment on column mart.sales_activity_daily.completed_activities is 'of these, done';
comment on column mart.sales_activity_daily.deals is 'deals that they were for';

create table mart.sales_target (
    month_on date not null,
    dimension text not null,
    member text not null,
    target_amount numeric not null,
    is_known boolean not null,
    constraint pk_sales_target primary key (month_on, dimension, member)
);
comment on table mart.sales_target is 'one row per month and member of include/config/targets.csv';
comment on column mart.sales_target.month_on is 'first day of the month';
comment on column mart.sales_target.dimension is 'rep or team';
comment on column mart.sales_target.member is 'name or e-mail address of the rep, name of the team, as the file has it';
comment on column mart.sales_target.target_amount is 'amount to win, in the reporting currency';
comment on column mart.sales_target.is_known is 'whether a source knows such a rep or team';

create table mart.sales_coverage_daily (
    day_on date not null,
    period text not null,
    period_start date not null,
    dimension text not null,
    member text not null,
    target_amount numeric not null,
    won_amount numeric not null,
    open_pipeline numeric not null,
    coverage numeric,
    reporting_currency text not null,
    constraint pk_sales_coverage_daily primary key (day_on, period, dimension, member)
);
comment on table mart.sales_coverage_daily is 'one row per day, period under way and member with a target: won so far, and what is open to make up the rest';
comment on column mart.sales_coverage_daily.day_on is 'business day; everything is as of its end';
comment on column mart.sales_coverage_daily.period is 'month or quarter';
comment on column mart.sales_coverage_daily.period_start is 'first day of the period';
comment on column mart.sales_coverage_daily.dimension is 'rep or team';
comment on column mart.sales_coverage_daily.member is 'as in mart.sales_target';
comment on column mart.sales_coverage_daily.target_amount is 'amount to win in the period: of a quarter, the sum of its months';
comment on column mart.sales_coverage_daily.won_amount is 'won in the period up to the day';
comment on column mart.sales_coverage_daily.open_pipeline is 'amount of the open deals that were then expected to close in the period';
comment on column mart.sales_coverage_daily.coverage is 'open_pipeline ÷ (target_amount − won_amount); null once the target is reached';
comment on column mart.sales_coverage_daily.reporting_currency is 'the currency of the amounts';
