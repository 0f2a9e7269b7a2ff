"""From stored webhooks to staged rows: what waits of a source is landed in raw, then validated and staged."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import chain

import psycopg

from include.hooks.events import Told, read_events
from include.ingest import Counts, IngestError, each_entity, explained
from include.settings import TIMEZONE
from include.sources import SourceConnection, read_by_ids
from include.sources.config import ConfigError, Entity, Source
from include.sources.errors import ReadFailedError
from include.sources.records import NotJsonError
from include.warehouse import webhooks
from include.warehouse.budget import within_budget
from include.warehouse.connection import Warehouse
from include.warehouse.landing import land
from include.warehouse.locks import exclusive
from include.warehouse.staging import stage
from include.warehouse.webhooks import Webhook
from include.window import Window


@dataclass
class Received:
    """What became of the webhooks that waited: ``webhooks`` in all, and what the records that they told of came to.

    ``not_found`` are ids that the source, when asked, did not have.
    """

    webhooks: int = 0
    unreadable_webhooks: int = 0
    not_found: int = 0
    counts: Counts = field(default_factory=Counts)

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        own = {
            "webhooks": self.webhooks, "unreadable_webhooks": self.unreadable_webhooks, "not_found": self.not_found,
        }  # fmt: skip
        return own | self.counts.as_dict()


def receive(
    warehouse: Warehouse, source: Source, connection: SourceConnection, *, run_ref: str | None = None
) -> Received:
    """Land and stage what the waiting webhooks of a source tell, all of them together.

    Again gives the same rows: a webhook whose run dies before it is noted is landed again, and raw has it already. A
    webhook waits on while something of it cannot be landed, and is given up after a day.

    :raises ConfigError: when the source takes no webhooks.
    :raises IngestError: at the end, when an entity could not be landed or staged; the others are.
    """
    if not source.hooks:
        raise ConfigError(f"{source.name} takes no webhooks: its YAML has no hooks:")
    entities = [source.entities[name] for name in source.hooks.entities]
    received = Received()
    problems: list[str] = []
    with (
        warehouse.connect(autocommit=True) as books,
        exclusive(books, f"webhooks {source.name}"),
        within_budget(warehouse, source, connection) as budgeted,
    ):
        for portion in webhooks.waiting(books, source.name):
            received.webhooks += len(portion)
            told = _read(books, source, portion, received)
            failed = _land(warehouse, source, budgeted, portion, told, received, run_ref)
            problems += [explained(name, error) for name, error in failed.items()]
            _note(books, portion, told, failed)

    # of all entities whatever has landed, so that the load of a run that died is staged too
    now = datetime.now(UTC)
    no_window = Window(now, now + timedelta(microseconds=1))

    def one(entity: Entity) -> Counts:
        staged = stage(warehouse, source, entity, no_window)
        return Counts(validated=staged.validated, staged=staged.staged, quarantined=staged.quarantined)

    try:
        received.counts += each_entity(entities, one)
    except IngestError as error:
        if not problems:
            raise
        problems.append(str(error))
    if problems:
        raise IngestError("\n".join(problems))
    return received


def _read(books: psycopg.Connection, source: Source, portion: list[Webhook], received: Received) -> dict[int, Told]:
    """What each webhook tells; those that cannot be read are noted, and left out."""
    assert source.hooks
    told: dict[int, Told] = {}
    unreadable: dict[int, str | None] = {}
    for webhook in portion:
        try:
            told[webhook.webhook_id] = read_events(source.hooks, webhook.body, f"webhook {webhook.webhook_id}")
        except (NotJsonError, ReadFailedError) as error:
            unreadable[webhook.webhook_id] = str(error)
    received.unreadable_webhooks += len(unreadable)
    webhooks.finish(books, "unreadable", unreadable)
    return told


def _land(
    warehouse: Warehouse,
    source: Source,
    connection: SourceConnection,
    portion: list[Webhook],
    told: dict[int, Told],
    received: Received,
    run_ref: str | None,
) -> dict[str, Exception]:
    """Land the records entity by entity, in the day in which the webhooks came; returns which entities failed."""
    assert source.hooks
    failed: dict[str, Exception] = {}
    for name in source.hooks.entities:
        days: dict[date, list[Told]] = {}
        for webhook in portion:
            if (one := told.get(webhook.webhook_id)) and name in one.entities:
                days.setdefault(webhook.received_at.astimezone(TIMEZONE).date(), []).append(one)
        entity = source.entities[name]
        for day, tellings in sorted(days.items()):
            pages = [page for one in tellings for page in one.records.get(name, [])]
            ids = list(dict.fromkeys(id_ for one in tellings for id_ in one.ids.get(name, [])))
            fetched = read_by_ids(source, entity, ids, connection) if ids else []
            try:
                landed = land(
                    warehouse, source, entity, Window.day(day), chain(pages, fetched), kind="hook", run_ref=run_ref
                )
            except Exception as error:  # whatever it is, the webhook waits on and is given up one day
                failed[name] = error
                continue
            whole = sum(len(page.rows) + len(page.unreadable) for page in pages)
            received.not_found += max(0, len(ids) - (landed.received - whole))
            received.counts += Counts(landed.received, landed.inserted, landed.unchanged, landed.unreadable)
    return failed


def _note(
    books: psycopg.Connection, portion: list[Webhook], told: dict[int, Told], failed: dict[str, Exception]
) -> None:
    """Note which webhooks are in raw, and why the others wait on."""
    landed: dict[int, str | None] = {}
    postponed: dict[int, str] = {}
    for webhook in portion:
        if (one := told.get(webhook.webhook_id)) is None:
            continue
        if reasons := [explained(name, failed[name]) for name in sorted(one.entities & set(failed))]:
            postponed[webhook.webhook_id] = "\n".join(reasons)
        else:
            landed[webhook.webhook_id] = f"{one.ignored} of its events are for no entity" if one.ignored else None
    webhooks.finish(books, "landed", landed)
    webhooks.postpone(books, postponed)
