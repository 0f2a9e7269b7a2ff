"""``./crm source new``: the files of a source, from one sample of it, and what to do next."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from include.local import services
from include.settings import PROJECT
from include.sources.connection import SourceConnection, source_connection
from include.sources.skeleton import (
    Asked,
    Skeleton,
    SkeletonError,
    database_skeleton,
    files_skeleton,
    rest_skeleton,
    site_skeleton,
    write,
)

__all__ = ["Asked", "Sample", "new_source"]


@dataclass(frozen=True)
class Sample:
    """Where the sample is: one of them, but for an API's, which may be in a file.

    :param url: address of a list of records of an HTTP API.
    :param file: with it a file with an answer of it, ``-`` for the standard input, None asks the API; without it a
        file such as the source will have.
    :param table: a table of a database.
    :param site: address of a page of a web site.
    """

    url: str | None = None
    file: Path | None = None
    table: str | None = None
    site: str | None = None


def new_source(asked: Asked, sample: Sample, root: Path = PROJECT) -> Iterator[str]:
    """Write the files; gives lines for people: what was taken for what, what to look at, what was written, what next.

    :param root: the project's folder.
    :raises SkeletonError: when nothing can be made of it, or a file is there already; then nothing was written.
    :raises ReadFailedError: when the source gives no sample.
    """
    skeleton_of = _maker(asked, sample)
    stored = services.connection(asked.connection)
    connection = source_connection(stored) if stored else None
    skeleton = skeleton_of(connection)
    written = write(skeleton, root)
    yield from (f"took   {line}" for line in skeleton.took)
    yield from (f"look   {line}" for line in skeleton.look)
    yield from (f"wrote  {path.relative_to(root)}" for path in written.files)
    if written.block:
        yield f"next   put this under entities: in include/config/sources/{asked.name}.yaml"
        yield written.block
    if connection is None:
        yield f"next   {skeleton.add_connection}"
    yield "next   read the files, and fill in what says so"
    yield f"next   ./crm source check {asked.name} --day DAY, then enabled: true"


def _maker(asked: Asked, sample: Sample) -> Callable[[SourceConnection | None], Skeleton]:
    """What makes the skeleton of the kind of source that the sample is of."""
    if [sample.url or sample.file, sample.table, sample.site].count(None) != 2:
        raise SkeletonError("Give --url of an API, --sample of files, --table or --site: one of them.")
    if url := sample.url:
        text = _read(sample.file) if sample.file else None
        return lambda connection: rest_skeleton(asked, url, text, connection)
    if file := sample.file:
        return lambda connection: files_skeleton(asked, file)
    if table := sample.table:
        return lambda connection: database_skeleton(asked, table, connection)
    return lambda connection: site_skeleton(asked, sample.site or "", connection)


def _read(sample: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(sample) == "-" else sample.read_bytes()
    except OSError as error:
        raise SkeletonError(f"{sample}: cannot be read: {error.strerror}.") from None
