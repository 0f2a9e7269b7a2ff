-- Visits by time, regions wherever there are teams, and room for reminders to change in.

-- visits of a time lie together, so an index of blocks does: it is small, and costs nearly nothing to keep
create index deal_stage_by_time on mart.deal_stage using brin (
    entered_at timestamptz_minmax_multi_ops, exited_at timestamptz_minmax_multi_ops
);

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

-- every open reminder is told anew daily: beside it there is room for that, and no index has to be written
alter table ops.reminder set (fillfactor = 50);
