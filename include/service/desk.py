"""What help desks say of their business hours and service levels, read from staging; it wins for their own tickets."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import psycopg
import yaml

from include.service.schedules import Span, first_instant

DAY_MINUTES = 24 * 60

# A help desk's measures that are measured here; of others it may promise, too.
MEASURES = {
    "first_reply_time": "first_reply",
    "next_reply_time": "next_reply",
    "requester_wait_time": "requester_wait",
    "agent_work_time": "agent_work",
}
# A help desk's fields that core can judge, and the operators: whether the condition is negated.
FIELDS = {
    "group_id": "group", "organization_id": "company", "current_tags": "tag", "priority": "priority",
    "channel": "channel",
}  # fmt: skip
OPERATORS = {"is": False, "is_not": True, "includes": False, "not_includes": True}


@dataclass(frozen=True)
class DeskHours:
    """A version of a schedule as a help desk tells it.

    :param zone: IANA's name.
    :param intervals: minutes since Sunday 00:00 of the zone's clock, the end excluded.
    :param closed: days off, in the zone.
    """

    since: datetime
    zone: str
    intervals: tuple[tuple[int, int], ...]
    closed: frozenset[date]

    def opened(self, first: date, last: date) -> Iterator[Span]:
        """Opening and closing in UTC, in order, of the local days from ``first`` to ``last``."""
        zone = ZoneInfo(self.zone)
        by_day: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for start, end in sorted(self.intervals):
            for day in range(start // DAY_MINUTES, -(-end // DAY_MINUTES)):
                low, high = max(start - day * DAY_MINUTES, 0), min(end - day * DAY_MINUTES, DAY_MINUTES)
                by_day[day % 7].append((low, high))
        for number in range((last - first).days + 1):
            on = first + timedelta(days=number)
            if on in self.closed:
                continue
            for low, high in by_day[on.isoweekday() % 7]:
                midnight = datetime.combine(on, time())
                opens, closes = (first_instant(midnight + timedelta(minutes=minute), zone) for minute in (low, high))
                if opens < closes:
                    yield opens, closes


@dataclass(frozen=True)
class DeskSchedule:
    """A help desk's schedule with all of its versions."""

    source: str
    key: str
    name: str
    is_first: bool
    versions: tuple[DeskHours, ...]


@dataclass(frozen=True)
class DeskPolicy:
    """A help desk's service level policy.

    :param conditions: whether any of the like is enough, field, whether it is negated, and values.
    :param is_understood: whether all of its conditions could be read.
    :param targets: measure, priority, minutes and whether they are business minutes.
    """

    source: str
    key: str
    name: str
    position: int
    conditions: tuple[tuple[bool, str, bool, tuple[str, ...]], ...]
    is_understood: bool
    targets: tuple[tuple[str, str, int, bool], ...]


@cache
def _zone_names() -> dict[str, str]:
    names: dict[str, str] = yaml.safe_load((Path(__file__).parent / "zone_names.yaml").read_text())
    return names


def iana_zone(name: str) -> str | None:
    """IANA's name of a time zone that a help desk names in its own way; None when it is not known."""
    zone = _zone_names().get(name, name)
    return zone if zone in available_timezones() else None


_SCHEDULES = """
with holiday as (
    select distinct on (source_table, source_id) source_table, schedule_key, start_on, end_on, is_deleted
    from staging.holiday
    order by source_table, source_id, version_at desc, payload_hash desc
),

closed as (
    select split_part(source_table, '__', 1) as source, schedule_key, array_agg(distinct d.on_day::date) as days
    from holiday
    cross join lateral generate_series(start_on, least(end_on, start_on + 366), interval '1 day') as d (on_day)
    where not is_deleted
    group by source, schedule_key
),

latest as (
    select distinct on (source_table, source_id) source_table, source_id, name, is_deleted, created_at
    from staging.schedule
    order by source_table, source_id, version_at desc, payload_hash desc
)

select split_part(l.source_table, '__', 1) as source, l.source_id, coalesce(l.name, l.source_id),
    row_number() over (
        partition by split_part(l.source_table, '__', 1)
        order by l.created_at, length(l.source_id), l.source_id collate "C"
    ) = 1 as is_first,
    (
        select array_agg(row_to_json(v) order by v.version_at, v.payload_hash)
        from staging.schedule as v
        where v.source_table = l.source_table and v.source_id = l.source_id
    ) as versions,
    coalesce(c.days, '{}') as closed
from latest as l
left join closed as c on split_part(l.source_table, '__', 1) = c.source and l.source_id = c.schedule_key
where not l.is_deleted
order by 1, 2
"""


def desk_schedules(connection: psycopg.Connection) -> list[DeskSchedule]:
    """The schedules that help desks tell; one in a time zone that nobody knows is left out."""
    found = []
    for source, key, name, is_first, versions, closed in connection.execute(_SCHEDULES.encode()):
        hours = tuple(
            DeskHours(
                datetime.fromisoformat(version["version_at"]), zone,
                tuple((int(i["from"]), int(i["to"])) for i in version["intervals"] or ()), frozenset(closed),
            )
            for version in versions
            if (zone := iana_zone(version["time_zone"] or ""))
        )  # fmt: skip
        if hours:
            found.append(DeskSchedule(source, key, name, is_first, hours))
    return found


_POLICIES = """
select distinct on (source_table, source_id)
    split_part(source_table, '__', 1), source_id, coalesce(title, source_id), coalesce(position, 0), conditions,
    targets, is_deleted
from staging.sla_policy
order by source_table, source_id, version_at desc, payload_hash desc
"""


def desk_policies(connection: psycopg.Connection) -> list[DeskPolicy]:
    """The service level policies that help desks tell."""
    found = []
    for source, key, name, position, conditions, targets, is_deleted in connection.execute(_POLICIES.encode()):
        if is_deleted:
            continue
        read = list(_conditions(conditions or {}))
        found.append(
            DeskPolicy(
                source, key, name, position, tuple(one for one in read if one is not None), None not in read,
                tuple(dict.fromkeys(_targets(targets or []))),
            )
        )  # fmt: skip
    return found


def _conditions(told: dict[str, Any]) -> Iterator[tuple[bool, str, bool, tuple[str, ...]] | None]:
    """Whether any is enough, field, whether negated, values; None for one that cannot be judged."""
    for is_any, key in ((False, "all"), (True, "any")):
        for one in told.get(key) or ():
            field, operator, value = FIELDS.get(one.get("field")), one.get("operator"), one.get("value")
            if field is None or operator not in OPERATORS or value is None:
                yield None
                continue
            values = value if isinstance(value, list) else str(value).split() if field == "tag" else [value]
            yield is_any, field, OPERATORS[operator], tuple(str(each) for each in values)


def _targets(told: list[dict[str, Any]]) -> Iterator[tuple[str, str, int, bool]]:
    for one in told:
        measure, minutes = MEASURES.get(one.get("metric") or ""), one.get("minutes")
        if measure and minutes:
            yield measure, one.get("priority") or "*", int(minutes), bool(one.get("business_hours"))
