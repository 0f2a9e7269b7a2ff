"""Moving bad files out of the way, each with its reason beside it."""

import posixpath

from include.sources.config import Entity
from include.sources.connection import SourceConnection
from include.sources.files.loaded import LoadedFiles
from include.sources.files.store import list_files, open_folder
from include.sources.memory import Memory


def set_aside(entity: Entity, connection: SourceConnection, memory: Memory) -> tuple[int, int]:
    """Move the files that are remembered as bad to the folder ``aside``, with a ``.reason.txt`` beside each.

    Called when the load is kept, so that no file is gone that nothing is known of; one that was left behind then, is
    moved the next time. A file of that name that came meanwhile stays.

    :returns: how many were moved, and how many could not be.
    """
    if not entity.files or not entity.files.aside:
        return 0, 0
    bad = LoadedFiles(entity, memory).bad()
    if not bad:
        return 0, 0
    fs, root = open_folder(entity.files, connection)
    folder = posixpath.join(root, entity.files.aside.strip("/"))
    moved = stuck = 0
    for file in list_files(entity.files, connection):
        known = bad.get(file.name)
        if not known or known.stamp != file.state.stamp:
            continue
        target = posixpath.join(folder, posixpath.relpath(file.path, root))
        try:
            if fs.exists(target):  # one of that name was bad before
                target = posixpath.join(folder, f"{known.content[:12]}-{posixpath.basename(target)}")
            fs.makedirs(posixpath.dirname(target), exist_ok=True)
            fs.pipe_file(f"{target}.reason.txt", f"{known.bad}\n".encode())
            fs.mv(file.path, target)
            moved += 1
        except Exception:  # each store raises its own when it may not be written; the reason is in ops.quarantine, too
            stuck += 1
    return moved, stuck
