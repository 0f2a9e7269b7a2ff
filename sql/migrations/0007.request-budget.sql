-- How often sources may be asked, shared by every task and machine that has this warehouse.

create table ops.request_budget (
    budget text not null,
    slot integer not null,
    free_at timestamptz not null default '-infinity',
    constraint pk_request_budget primary key (budget, slot)
);
create index request_budget_free on ops.request_budget (budget, free_at, slot);
comment on table ops.request_budget is 'one row per request that a budget allows at a time; a slot that was used is free again when the budget''s seconds are over';
comment on column ops.request_budget.budget is 'name of the pool, or of the source when its budget is not shared';
comment on column ops.request_budget.slot is 'number of the slot, from 0';
comment on column ops.request_budget.free_at is 'from when on it may be used again; in the future also when it is reserved';

-- Reserves the slot that is free first, and returns the seconds to wait until then.
-- Between two uses of a slot lie the budget's seconds, so in no such span are there more requests than slots.
create function ops.take_request(of_budget text, requests integer, seconds double precision)
returns double precision
language plpgsql
as $$
declare
    taken integer;
    starts_at timestamptz;
begin
    -- one at a time, and each sees what the one before it took
    perform pg_advisory_xact_lock(hashtextextended('request budget ' || of_budget, 0));
    select b.slot, greatest(b.free_at, clock_timestamp()) into taken, starts_at
    from ops.request_budget as b
    where b.budget = of_budget and b.slot < requests
    order by b.free_at, b.slot
    limit 1;
    update ops.request_budget as b
    set free_at = starts_at + make_interval(secs => seconds)
    where b.budget = of_budget and b.slot = taken;
    return extract(epoch from starts_at - clock_timestamp());
end
$$;
comment on function ops.take_request is 'reserves one request of a budget; returns the seconds to wait before it is sent';
