"""Reading sources: REST APIs, web sites, files and databases become pages of records."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

from include.sources.config import Entity, Source
from include.sources.connection import SourceConnection
from include.sources.errors import ReadFailedError, SourceError
from include.sources.fields import value_at
from include.sources.files import match_files, read_named_files, read_window_files, set_aside
from include.sources.http import Client
from include.sources.journal import journal_path
from include.sources.memory import Memory
from include.sources.page import Page, Unreadable
from include.sources.prefetch import prefetched
from include.sources.rest import read_by_ids as by_ids
from include.sources.rest import read_list, read_rest
from include.sources.web import crawl
from include.window import Window

__all__ = [
    "Memory", "Page", "SourceConnection", "SourceError", "Unreadable", "compare", "match_files", "read", "read_by_ids",
    "read_files", "set_aside",
]  # fmt: skip


def read(
    source: Source,
    entity: Entity,
    window: Window,
    connection: SourceConnection,
    memory: Memory | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Page]:
    """The records of a window, as pages; a window without any gives no page.

    :param memory: what earlier loads remembered; what this one learns is added to it while the pages are read.
    :param progress: called after each page with the number of records so far, readable or not.
    :raises SourceError: when the source cannot be read to the end; pages handed on before that are not the whole.
    """
    if entity.rest:
        pages = _read_rest(source, entity, window.widened(source.lateness), connection, memory or Memory())
    elif entity.web:
        journal = journal_path(source.name, entity.name, window)
        pages = crawl(entity.web, connection, source.connection, memory, journal)
    elif entity.database:
        from include.sources.database import read_database  # SQLAlchemy, which few sources need

        pages = read_database(entity, window.widened(source.lateness), connection, source.connection)
    else:
        pages = read_window_files(entity, window.widened(source.lateness), connection, memory or Memory())
    return _told(pages, source, entity, window, progress)


def read_by_ids(source: Source, entity: Entity, ids: list[str], connection: SourceConnection) -> Iterator[Page]:
    """The records that webhooks named by their ids, asked for as the source's ``hooks`` say; those that are there.

    :raises SourceError: when the source cannot be asked.
    """
    assert source.hooks
    fetches = source.hooks.entities[entity.name].fetch

    def pages() -> Generator[Page]:
        with closing(Client(connection, source.auth, source.connection)) as client:
            id_path = entity.id if isinstance(entity.id, str) else None
            yield from by_ids(fetches, entity.rest.enrich if entity.rest else (), id_path, ids, client)

    return _told(pages(), source, entity, None, None)


def read_files(
    source: Source,
    entity: Entity,
    paths: list[Path],
    *,
    today: date | None = None,
    memory: Memory | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Page]:
    """The records of files named by hand (see `match_files` for whose they are), whatever their names' dates.

    :param today: the business day of files whose name tells none; None takes the time of their last change.
    :param memory: which files were loaded before; those are left out.
    :raises SourceError: when a file cannot be read; nothing of that file is handed on when its header is wrong.
    """
    if not entity.files:
        raise SourceError(source.name, entity.name, None, str(paths[0]), "it is not read from files", "Name another.")
    return _told(read_named_files(entity, paths, today, memory or Memory()), source, entity, None, progress)


def compare(
    source: Source,
    entity: Entity,
    window: Window,
    connection: SourceConnection,
    missed: Callable[[Page], Sequence[int]],
) -> Iterator[Page]:
    """The records that turn out to be missed when all keys of an entity are compared (see its ``sweep``).

    :param missed: told each page of the whole list, in which a record may be no more than its key and time of change;
        says by their places in the page which of them are missed.
    :raises SourceError: when the list, or a missed record, cannot be read to the end.
    """
    if entity.database:
        from include.sources.database import compare_keys

        pages = compare_keys(entity, connection, source.connection, missed)
    else:
        pages = _compare_rest(source, entity, window, connection, missed)
    return _told(pages, source, entity, window, None)


def _compare_rest(
    source: Source,
    entity: Entity,
    window: Window,
    connection: SourceConnection,
    missed: Callable[[Page], Sequence[int]],
) -> Generator[Page]:
    assert entity.rest and entity.sweep and entity.sweep.rest
    with closing(Client(connection, source.auth, source.connection)) as client:
        for page in read_list(entity, entity.sweep.rest, window, client, Memory()):
            places = missed(page)
            if entity.sweep.fetch:
                assert isinstance(entity.id, str)
                ids = [str(value_at(page.rows[place], entity.id)) for place in places]
                yield from by_ids((entity.sweep.fetch,), entity.rest.enrich, entity.id, ids, client)
            elif places:
                yield Page([page.rows[p] for p in places], [page.texts[p] for p in places], location=page.location)


def _read_rest(
    source: Source, entity: Entity, window: Window, connection: SourceConnection, memory: Memory
) -> Generator[Page]:
    client = Client(connection, source.auth, source.connection)
    pages = prefetched(read_rest(entity, window, client, memory))
    try:
        for page in pages:  # noqa: UP028 (`yield from` would close the thread before the client)
            yield page
    finally:
        client.close()  # ends a wait in the thread, so that closing the thread is quick
        pages.close()


def _told(
    pages: Generator[Page],
    source: Source,
    entity: Entity,
    window: Window | None,
    progress: Callable[[int], None] | None,
) -> Iterator[Page]:
    count = 0
    try:
        with closing(pages):
            for page in pages:
                count += page.count
                yield page
                if progress:
                    progress(count)
    except ReadFailedError as error:
        raise SourceError(source.name, entity.name, window, error.location, error.what, error.next) from None
