"""``./crm source new``: the files of a source, from one sample of it, and what to do next."""

import sys
from collections.abc import Iterator
from pathlib import Path

from include.local import services
from include.settings import PROJECT
from include.sources.connection import source_connection
from include.sources.skeleton import Asked, SkeletonError, rest_skeleton, write

__all__ = ["Asked", "new_source"]


def new_source(asked: Asked, url: str | None, sample: Path | None, root: Path = PROJECT) -> Iterator[str]:
    """Write the files; gives lines for people: what was taken for what, what to look at, what was written, what next.

    :param url: address of a list of records of an HTTP API.
    :param sample: a file with an answer of it, ``-`` for the standard input; None asks the API.
    :param root: the project's folder.
    :raises SkeletonError: when nothing can be made of it, or a file is there already; then nothing was written.
    :raises ReadFailedError: when the API gives no answer.
    """
    stored = services.connection(asked.connection)
    connection = source_connection(stored) if stored else None
    if url is None:
        raise SkeletonError("Give --url, the address of a list of records.")
    skeleton = rest_skeleton(asked, url, _read(sample) if sample else None, connection)
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


def _read(sample: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(sample) == "-" else sample.read_bytes()
    except OSError as error:
        raise SkeletonError(f"{sample}: cannot be read: {error.strerror}.") from None
