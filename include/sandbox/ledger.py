"""The records of one entity as they stand at the sandbox clock."""

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import Any

from include.sandbox.faults import Faults, strikes
from include.sandbox.hours import DAY, HOUR, day_of, ms_of
from include.sandbox.model import Change, Record

Event = tuple[int, int, int]  # shown at, place of the record, place of the change in its log (or TOUCH, ARCHIVE)
TOUCH, ARCHIVE = -1, -2


@dataclass(slots=True)
class State:
    """A record as of now. Times in epoch ms; `applied` changes of its log are in `values`."""

    record: Record
    place: int  # among the ledger's records
    number: int  # its id, or its place where the id is no number
    values: dict[str, Any] = field(default_factory=dict)
    updated: int = 0  # its own last change
    modified: int = 0  # the last time that anything wrote to it, bulk jobs included
    archived_at: int | None = None
    applied: int = 0


class Ledger:
    """Applies changes as the clock passes them. `order` and `stream` are sorted once a change of the clock."""

    def __init__(self, records: list[Record], start: int, end: int, faults: Faults) -> None:
        self.records = records
        self.start, self.end = start, end
        self.reset(faults)

    def reset(self, faults: Faults) -> None:
        """Starts from the beginning of time, under these faults."""
        self.states: dict[str, State] = {}
        self._events = sorted(event for place in range(len(self.records)) for event in self._events_of(place, faults))
        self._next = 0
        self._stream: list[tuple[int, int, int]] = []
        self._order: list[tuple[int, int, State]] | None = []
        self._by_id: list[State] | None = []

    def _events_of(self, place: int, faults: Faults) -> list[Event]:
        record = self.records[place]
        events = []
        shown = 0
        for i, change in enumerate(record.log):
            late = 0
            if faults.late_records and strikes(faults.late_records, "late", record.entity, record.id, i):
                late = (1 + (i * 7 + place) % 30) * HOUR
            shown = max(shown, change.at + late)
            events.append((shown, place, i))
        if record.archived_at is not None:
            events.append((max(shown, record.archived_at), place, ARCHIVE))
        if faults.burst_timestamps and strikes(faults.burst_timestamps, "burst", record.entity, record.id):
            until = record.archived_at or self.end
            events += [(at, place, TOUCH) for at in bulk_jobs(self.start, self.end) if record.created < at < until]
        return events

    def advance(self, now: int) -> None:
        """Applies what has become visible by `now`, which is never before the last one."""
        first = self._next
        while self._next < len(self._events) and self._events[self._next][0] <= now:
            self._apply(self._events[self._next])
            self._next += 1
        if self._next > first:
            self._order = self._by_id = None
            self._stream.sort()

    def _apply(self, event: Event) -> None:
        shown, place, i = event
        record = self.records[place]
        state = self.states.get(record.id)
        if state is None:
            if i < 0:
                return  # its first change is late: not there to be touched
            state = self.states[record.id] = State(record, place, int(record.id) if record.id.isdigit() else place)
        if i == TOUCH:
            state.modified = max(state.modified, shown)
        elif i == ARCHIVE:
            assert record.archived_at is not None
            state.archived_at = state.updated = state.modified = record.archived_at
        else:
            change = record.log[i]
            state.values.update(change.values)
            state.updated = max(state.updated, change.at)
            state.modified = max(state.modified, change.at)
            state.applied = i + 1
            self._stream.append((change.at, place, i))

    def add(self, record: Record) -> State:
        """A record made from outside, now."""
        self.records.append(record)
        return self._take(len(self.records) - 1, 0)

    def change(self, state: State, change: Change) -> State:
        """A change from outside, now. What the generated future holds for the record still comes after it."""
        log = state.record.log
        place, i = state.place, state.applied
        log.insert(i, change)
        self._events[self._next :] = [
            (shown, p, k + 1 if p == place and k >= i else k) for shown, p, k in self._events[self._next :]
        ]
        return self._take(place, i)

    def _take(self, place: int, i: int) -> State:
        event = (self.records[place].log[i].at, place, i)
        insort(self._events, event, 0, self._next)
        self._next += 1
        self._apply(event)
        self._order = self._by_id = None
        self._stream.sort()
        return self.states[self.records[place].id]

    @property
    def order(self) -> list[tuple[int, int, State]]:
        """(modified, numeric id, state) of all records, archived ones too, by time of modification."""
        if self._order is None:
            self._order = sorted(
                ((state.modified, state.number, state) for state in self.states.values()), key=lambda entry: entry[:2]
            )
        return self._order

    @property
    def by_id(self) -> list[State]:
        """All records by numeric id."""
        if self._by_id is None:
            self._by_id = sorted(self.states.values(), key=lambda state: state.number)
        return self._by_id

    @property
    def stream(self) -> list[tuple[int, int, int]]:
        """(at, place of the record, place in its log) of all changes shown, by their own time."""
        return self._stream

    def modified_between(self, low: int, high: int) -> list[State]:
        """States with low <= modified < high, by (modified, id)."""
        order = self.order
        return [e[2] for e in order[bisect_left(order, (low,)) : bisect_left(order, (high,))]]


def bulk_jobs(start: int, end: int) -> list[int]:
    """03:00 UTC on the first of each month."""
    days = range(start, end, DAY)
    return [ms_of(day_of(day)) + 3 * HOUR for day in days if day_of(day).day == 1]
