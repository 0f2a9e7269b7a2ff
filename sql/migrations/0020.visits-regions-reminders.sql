-- Visits by time, regions wherever there are teams, room for reminders to change in, and when a message is handed
-- over.

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

alter table ops.outbox add column handed_at timestamptz;
comment on column ops.outbox.handed_at is 'since when, in its last attempt, the other side may have it; null before that';
-- of messages on their way at the time of the migration it is not known
update ops.outbox set handed_at = sending_at
where state = 'sending';
