"""Reading sources: REST APIs, web sites and files become pages of records."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path

from include.sources.config import Entity, Source
from include.sources.connection import SourceConnection
from include.sources.errors import ReadFailedError, SourceError
from include.sources.files import match_files, read_csv, window_files
from include.sources.http import Client
from include.sources.journal import journal_path
from include.sources.memory import Memory
from include.sources.page import Page, Unreadable
from include.sources.prefetch import prefetched
from include.sources.rest import read_rest
from include.sources.web import crawl
from include.window import Window

__all__ = ["Memory", "Page", "SourceConnection", "SourceError", "Unreadable", "match_files", "read", "read_files"]


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
        pages = _read_rest(source, entity, window, connection)
    elif entity.web:
        journal = journal_path(source.name, entity.name, window)
        pages = crawl(entity.web, connection, source.connection, memory, journal)
    else:
        pages = _read_window_files(entity, window, connection)
    return _told(pages, source, entity, window, progress)


def read_files(
    source: Source, entity: Entity, paths: list[Path], progress: Callable[[int], None] | None = None
) -> Iterator[Page]:
    """The records of files named by hand (see `match_files` for whose they are), whatever their names' dates.

    :raises SourceError: when a file cannot be read; nothing of that file is handed on when its header is wrong.
    """
    if not entity.files:
        raise SourceError(source.name, entity.name, None, str(paths[0]), "it is not read from files", "Name another.")
    config = entity.files
    pages = (page for path in paths for page in read_csv(config, path))
    return _told(pages, source, entity, None, progress)


def _read_rest(source: Source, entity: Entity, window: Window, connection: SourceConnection) -> Generator[Page]:
    assert entity.rest
    client = Client(connection, source.auth, source.connection)
    pages = prefetched(read_rest(entity.rest, window, client))
    try:
        for page in pages:  # noqa: UP028 (`yield from` would close the thread before the client)
            yield page
    finally:
        client.close()  # ends a wait in the thread, so that closing the thread is quick
        pages.close()


def _read_window_files(entity: Entity, window: Window, connection: SourceConnection) -> Generator[Page]:
    assert entity.files
    for path in window_files(entity.files, window, connection):
        yield from read_csv(entity.files, path)


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
                count += len(page.rows) + len(page.unreadable)
                yield page
                if progress:
                    progress(count)
    except ReadFailedError as error:
        raise SourceError(source.name, entity.name, window, error.location, error.what, error.next) from None
