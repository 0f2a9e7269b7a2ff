-- Visits by time, and regions wherever there are teams.

-- a day's build reads the visits of its months and quarters alone
create index deal_stage_by_entry on mart.deal_stage (entered_at);
create index deal_stage_by_exit on mart.deal_stage (exited_at);

comment on column mart.sales_funnel.dimension is 'all, source, team or region';
comment on column mart.sales_funnel.member is 'the source, team or region; empty for all and for deals without one';
comment on column mart.sales_transition.dimension is 'all, source, team or region';
comment on column mart.sales_transition.member is 'the source, team or region; empty for all and for deals without one';
comment on column mart.sales_conformance.dimension is 'all, source, team or region';
comment on column mart.sales_conformance.member is 'the source, team or region; empty for all and for deals without one';
comment on column mart.sales_slippage.dimension is 'source, team, region or rep';

-- the days built before have no regions yet
update ops.mart_day set is_stale = true
where subject = 'sales';
