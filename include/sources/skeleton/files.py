"""The skeleton of a source of files."""

import re
from contextlib import closing
from itertools import islice
from pathlib import Path

from include.sources.config import Entity
from include.sources.errors import SkeletonError
from include.sources.files import read_named_files
from include.sources.files.detect import detect
from include.sources.memory import Memory
from include.sources.skeleton.address import as_name
from include.sources.skeleton.found import Found, entity_of
from include.sources.skeleton.model import Asked, Skeleton


def files_skeleton(asked: Asked, path: Path) -> Skeleton:
    """The skeleton of a source of files such as one.

    :raises SkeletonError: when no skeleton can be made of it.
    :raises ReadFailedError: when it cannot be read, or is of no known format.
    """
    entity, feeds = entity_of(asked, as_name(re.sub(r"\d", "", path.name.partition(".")[0])) or "records")
    detected = detect(path)
    tried = Entity(name=entity, feeds=feeds, id="", version_at=None, files=detected.files)
    with closing(read_named_files(tried, [path], None, Memory())) as pages:
        rows = [row for page in islice(pages, 1) for row in page.rows]
    if not rows:
        raise SkeletonError(f"{path}: has no record that can be read: give another file.")
    found = Found(entity, feeds, rows)
    found.took.append(
        f"files: {detected.files.format}, {len(detected.files.columns)} columns; {detected.files.pattern}"
    )
    found.look += detected.notes
    return found.skeleton(asked, "files", (detected.block,), f"the files {detected.files.pattern}")
