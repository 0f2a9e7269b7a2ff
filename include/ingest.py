"""One window of one source, from its pages to staged rows: what the ingest DAGs and the command line both call."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, timedelta

import psycopg

from include.errors import IngestError, NeedsPersonError
from include.quality.suites import QualityError
from include.sources import SourceConnection, SourceError, read, set_aside
from include.sources.config import ConfigError, Entity, Source, load_source
from include.sources.page import Page
from include.warehouse.budget import within_budget
from include.warehouse.connection import Warehouse
from include.warehouse.landing import land
from include.warehouse.memory import recall
from include.warehouse.staging import StagingError, replay, stage
from include.warehouse.sweep import is_due, sweep
from include.window import Window

# told: the entity, what is done to it, and the records so far
Progress = Callable[[str, str, int], None]


FOR_PERSONS = (ConfigError, QualityError, StagingError)


@dataclass(frozen=True)
class Counts:
    """What became of the records of a window, over all entities of a source."""

    received: int = 0
    inserted: int = 0
    unchanged: int = 0
    unreadable: int = 0
    validated: int = 0
    staged: int = 0
    quarantined: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)


def land_source(
    warehouse: Warehouse,
    source: Source,
    window: Window,
    connection: SourceConnection,
    *,
    run_ref: str | None = None,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> Counts:
    """Land every entity of a source; one that fails does not hold back the others.

    :param now: the present, unless it is now: keys are compared (see an entity's ``sweep``) only for a fresh window.
    :raises IngestError: at the end, when any failed.
    """

    def one(entity: Entity) -> Counts:
        memory = recall(warehouse, source.name, entity.name)
        pages: Iterable[Page] = read(source, entity, window, budgeted, memory)
        told = (lambda count: progress(entity.name, "landing", count)) if progress else None
        landed = land(warehouse, source, entity, window, pages, memory=memory, run_ref=run_ref, progress=told)
        moved, stuck = set_aside(entity, connection, memory)
        for what, count in (
            ("skipped, loaded before", memory.skipped),
            ("bad files set aside", moved),
            ("bad files that cannot be moved", stuck),
        ):
            if progress and count:
                progress(entity.name, what, count)
        counts = Counts(landed.received, landed.inserted, landed.unchanged, landed.unreadable)
        return counts + compared(entity) if is_due(entity, window, now or datetime.now(UTC)) else counts

    def compared(entity: Entity) -> Counts:
        found = sweep(warehouse, source, entity, window, budgeted, run_ref=run_ref)
        for what, count in (("gone", found.gone), ("back", found.back), ("missed", found.missed.received)):
            if progress and count:
                progress(entity.name, f"found {what}", count)
        marked, missed = found.gone + found.back, found.missed
        return Counts(marked + missed.received, marked + missed.inserted, missed.unchanged, missed.unreadable)

    with within_budget(warehouse, source, connection) as budgeted:
        return each_entity(source.entities.values(), one)


def stage_source(warehouse: Warehouse, source: Source, window: Window, *, progress: Progress | None = None) -> Counts:
    """Validate and stage what landed of every entity of a source; one that fails does not hold back the others.

    :raises IngestError: at the end, when any failed.
    """

    def one(entity: Entity) -> Counts:
        staged = stage(warehouse, source, entity, window)
        if progress:
            progress(entity.name, "staged", staged.staged)
        return Counts(validated=staged.validated, staged=staged.staged, quarantined=staged.quarantined)

    return each_entity(source.entities.values(), one)


def publish_day(warehouse: Warehouse, source: Source, window: Window) -> bool:
    """Note whether all of a window's loads of a source went well, for every day of the window.

    :returns: whether they did; a source that failed is published too, and the reports say that it is missing.
    """
    with warehouse.connect() as connection:
        rows = connection.execute(
            "select distinct on (entity) entity, state, detail from ops.load"
            " where source = %s and window_start = %s and window_end = %s and kind not in ('hook', 'replay')"
            " order by entity, load_id desc",
            [source.name, window.start, window.end],
        ).fetchall()
        states = {entity: (state, detail) for entity, state, detail in rows}
        problems = [
            f"{entity}: {detail or state}"
            for entity in source.entities
            for state, detail in [states.get(entity, ("was not loaded", None))]
            if state != "staged"
        ]
        days: list[date] = window.days()
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into ops.source_day (source, day_on, state, detail) values (%s, %s, %s, %s)"
                " on conflict (source, day_on) do update set state = excluded.state, detail = excluded.detail,"
                " published_at = now()",
                [(source.name, day, "failed" if problems else "ok", "; ".join(problems) or None) for day in days],
            )
    return not problems


def each_entity(entities: Iterable[Entity], one: Callable[[Entity], Counts]) -> Counts:
    """Do something for each entity and add up what it counts; one that fails does not hold back the others.

    :raises IngestError: at the end, when any failed.
    """
    total, problems = Counts(), {}
    for entity in entities:
        try:
            total = total + one(entity)
        except Exception as error:
            problems[entity.name] = error
    if problems:
        is_for_person = all(isinstance(problem, FOR_PERSONS) for problem in problems.values())
        told = "\n".join(explained(name, problem) for name, problem in problems.items())
        raise (NeedsPersonError if is_for_person else IngestError)(told) from next(iter(problems.values()))
    return total


def explained(entity: str, error: Exception) -> str:
    """What a person is told of an error; those that are not ours do not say what they are about."""
    if isinstance(error, (SourceError, IngestError, *FOR_PERSONS)):
        return str(error)
    # of what the server says only the first line: the next one quotes the row, which may be somebody's
    what = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return f"{entity}: {type(error).__name__}: {what or error}"


def replay_source(warehouse: Warehouse, source: str, entity: str, now: datetime) -> Counts:
    """Run today's rules on the open quarantined rows of a source again, of one entity or (empty) of all.

    :param now: the present, noted in the books as the replay's window.
    :raises ConfigError: when there is no such source or entity.
    """
    definition = load_source(source)
    if entity and entity not in definition.entities:
        raise ConfigError(f"{source} has no entity {entity}; it has: {', '.join(definition.entities)}")
    total = Counts()
    for one in definition.entities.values():
        if not entity or one.name == entity:
            staged = replay(warehouse, definition, one, Window(now, now + timedelta(microseconds=1)))
            total += Counts(validated=staged.validated, staged=staged.staged, quarantined=staged.quarantined)
    return total
