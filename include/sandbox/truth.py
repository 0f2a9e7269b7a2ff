"""What is true of the company, as far as it can be seen at the sandbox clock: for tests to score against."""

from collections import Counter
from typing import Any

from include.sandbox.hours import day_of, iso, ms_of, parse
from include.sandbox.model import CRM_ENTITIES, ENTITIES, Sighting
from include.sandbox.world import World


def _seen(world: World, sightings: list[Sighting], now: int) -> list[dict[str, Any]]:
    shown = []
    for s in sightings:
        if s.at > now:
            continue
        told: dict[str, Any] = {
            "system": s.system,
            "entity": s.entity,
            "id": s.id,
            "email": s.email,
            "since": iso(s.at),
        }
        if s.system == "crm":
            state = world.ledgers[s.entity].states.get(s.id)
            told["archived"] = state is not None and state.archived_at is not None
        shown.append(told)
    return shown


def people(world: World) -> list[dict[str, Any]]:
    """[{person, records: [{system, entity, id, email, since}]}] of those that any record knows."""
    found = ((key, _seen(world, sightings, world.now)) for key, sightings in world.company.people.items())
    return [{"person": key, "records": records} for key, records in found if records]


def companies(world: World) -> list[dict[str, Any]]:
    """[{company, records: […]}], the same way."""
    found = ((key, _seen(world, sightings, world.now)) for key, sightings in world.company.firms.items())
    return [{"company": key, "records": records} for key, records in found if records]


def intents(world: World) -> list[dict[str, Any]]:
    """[{ticket_id, intent, in_scope, language, product, person}]."""
    now = world.now
    return [
        {"ticket_id": int(key)} | {name: value for name, value in told.items() if name != "at"}
        for key, told in world.company.intents.items()
        if told["at"] <= now
    ]


def anomalies(world: World) -> list[dict[str, Any]]:
    """[{figure, day, direction, factor, product, actual, usual}] of days that have ended; both counts are of that day:

    records created, and the mean of the same weekday in the four weeks before and after that are no anomalies.
    """
    counts = {figure: _created_by_day(world, figure) for figure in ("tickets", "deals")}
    planted = {(a.figure, a.day) for a in world.company.anomalies}
    shown = []
    for a in world.company.anomalies:
        day = parse(a.day)
        if day + 86_400_000 > world.now:
            continue
        near = [day + week * 7 * 86_400_000 for week in (-4, -3, -2, -1, 1, 2, 3, 4)]
        usual = [
            counts[a.figure][day_of(d).isoformat()]
            for d in near
            if world.company.start <= d
            and d + 86_400_000 <= world.now
            and (a.figure, day_of(d).isoformat()) not in planted
        ]
        shown.append({
            "figure": a.figure, "day": a.day, "direction": a.direction, "factor": a.factor, "product": a.product,
            "actual": counts[a.figure][a.day], "usual": round(sum(usual) / len(usual), 2) if usual else None,
        })  # fmt: skip
    return shown


def _created_by_day(world: World, entity: str) -> Counter[str]:
    return Counter(day_of(s.record.created).isoformat() for s in world.ledgers[entity].states.values())


def dirty(world: World) -> list[dict[str, Any]]:
    """[{system, entity, id, field, kind, since}] of values that break a rule on purpose. They stay so.

    The id of an order line is ``order_id/line``; a day's order lines are there when its file is.
    """
    now = world.now
    today = ms_of(day_of(now))
    return [
        {"system": d.system, "entity": d.entity, "id": d.id, "field": d.field, "kind": d.kind, "since": iso(d.at)}
        for d in world.company.dirt
        if d.at <= (now if d.system != "orders" else today - 1)
    ]


def counts(world: World) -> dict[str, Any]:
    """{entity: {total, archived, by_updated_day: {day: n}}} as of now; days are UTC days of the last modification.

    ``ticket_events`` by their own day, ``order_lines`` and ``order_files`` as far as their files are there.
    """
    shown: dict[str, Any] = {"now": iso(world.now)}
    for entity in ENTITIES:
        states = world.ledgers[entity].states.values()
        days = Counter(day_of(state.modified).isoformat() for state in states)
        shown[entity] = {"total": len(states), "by_updated_day": dict(sorted(days.items()))}
        if entity in CRM_ENTITIES:
            shown[entity]["archived"] = sum(state.archived_at is not None for state in states)
    stream = world.ledgers["tickets"].stream
    days = Counter(day_of(at).isoformat() for at, _, _ in stream)
    shown["ticket_events"] = {"total": len(stream), "by_updated_day": dict(sorted(days.items()))}
    today = ms_of(day_of(world.now))
    days = Counter(day_of(order.at).isoformat() for order in world.company.orders if order.at < today)
    shown["order_lines"] = {"total": sum(days.values()), "by_updated_day": dict(sorted(days.items()))}
    shown["order_files"] = {"total": len(days)}
    return shown
