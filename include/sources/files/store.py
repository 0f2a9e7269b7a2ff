"""Where files lie: a folder of this machine, or of any store that fsspec reaches."""

import glob
import hashlib
import posixpath
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import fsspec
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

from include.settings import PROJECT
from include.sources.config import Files
from include.sources.config.files import UNFINISHED
from include.sources.connection import SourceConnection
from include.sources.errors import ReadFailedError
from include.sources.files.unpack import printable
from include.window import Window

# A file that changed this many seconds ago may still be growing; one that goes on changing is waited for this long.
SETTLED_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 60.0

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PIECE = 2**20
# what stores call the time of the last change, and what changes with a file's content
_MODIFIED = ("mtime", "LastModified", "last_modified", "updated", "modified", "modify")
_TAGS = ("ETag", "etag", "generation", "md5Hash", "content_md5")
_PACKAGES = "A store needs its package, such as s3fs, gcsfs or adlfs."


@dataclass(frozen=True)
class State:
    """How a file was when it was looked at; ``stamp`` is another one whenever the file may be another one."""

    size: int
    modified: datetime
    stamp: str


@dataclass(frozen=True)
class StoredFile:
    """A file of a folder.

    :param name: its path under the folder, ``2026/orders.csv``; safe to store.
    :param day: the business day in its name, when the YAML says where.
    """

    fs: AbstractFileSystem
    path: str
    name: str
    day: date | None
    state: State

    @property
    def location(self) -> str:
        """Where it is, for errors; without a login."""
        return _location(self.fs, self.path)

    def look(self) -> State:
        """How it is now."""
        self.fs.invalidate_cache(posixpath.dirname(self.path))
        return state_of(self.fs, self.path)


def local_file(path: Path, config: Files) -> StoredFile:
    """A file of this machine, named by hand; its name has as many folders as the pattern, as if it lay there.

    :raises ReadFailedError: when it is not there, or its name's date is none.
    """
    fs, path = LocalFileSystem(), path.absolute()
    under = path.as_posix() if "**" in config.pattern else "/".join(path.parts[-config.pattern.count("/") - 1 :])
    try:
        state = state_of(fs, str(path))
    except OSError as error:
        raise ReadFailedError(str(path), f"cannot be read: {error.strerror}", "Check the path.") from None
    return StoredFile(fs, str(path), printable(under), _day(config, str(path), under), state)


def open_folder(config: Files, connection: SourceConnection) -> tuple[AbstractFileSystem, str]:
    """The file system and the path in it of an entity's folder.

    :raises ReadFailedError: when the connection names none, or the store cannot be reached.
    """
    given = str(connection.extra.get("path") or "")
    if "{connection.extra.path}" in config.path and not given:
        raise ReadFailedError(
            "files", "the connection names no folder", 'Put {"path": "/the/folder"} in its extra field.'
        )
    url = config.path.replace("{connection.extra.path}", given)
    scheme, is_url, _ = url.partition("://")
    if not is_url:
        return LocalFileSystem(), str(PROJECT / url)
    try:
        options = connection.extra.get("storage_options")
        if options is None and connection.filesystem and (found := connection.filesystem(scheme)):
            return found, found._strip_protocol(url)
        return fsspec.url_to_fs(url, **(options or {}))
    except Exception as error:  # each store raises its own; its text may hold what opens it
        what = f"the store cannot be opened: {type(error).__name__}"
        raise ReadFailedError(f"{scheme}://…", what, f"Check the connection. {_PACKAGES}") from None


def list_files(config: Files, connection: SourceConnection) -> list[StoredFile]:
    """The files of a folder that are an entity's, by name; those that were set aside, or are unfinished, are not.

    :raises ReadFailedError: when the folder is missing, or a name's date is none.
    """
    fs, root = open_folder(config, connection)
    fs.invalidate_cache()  # what a store listed for an earlier window says nothing of this one
    try:
        is_there = fs.isdir(root)
        found = fs.glob(f"{glob.escape(root.rstrip('/'))}/{config.pattern}", detail=True) if is_there else {}
    except Exception as error:  # as above
        what = f"the folder cannot be listed: {type(error).__name__}"
        raise ReadFailedError(_location(fs, root), what, "Check the connection, and the folder's rights.") from None
    if not is_there:
        what = "there is no such folder"
        raise ReadFailedError(_location(fs, root), what, "Check the path in the connection or the YAML.")
    files = []
    for path, info in sorted(found.items()):
        under = posixpath.relpath(path, root)
        is_aside = config.aside and under.startswith(f"{config.aside.strip('/')}/")
        if is_aside or UNFINISHED.search(under) or not _is_file(fs, path, info):
            continue
        try:
            state = state_of(fs, path, info)
        except FileNotFoundError:  # someone took it away meanwhile
            continue
        files.append(StoredFile(fs, path, printable(under), _day(config, path, under), state))
    return files


def window_files(config: Files, window: Window, connection: SourceConnection) -> list[StoredFile]:
    """The files of a window, by name, all of them at rest.

    A file that is still being written is waited for: left to a later window, its day would never be read.

    :raises ReadFailedError: when the folder is missing, a name's date is none, or a file does not come to rest.
    """
    files = list_files(config, connection)
    if config.date_pattern:
        files = [file for file in files if file.day and window.first_day <= file.day <= window.last_day]
    return [_settled(file) for file in files]


@contextmanager
def fetched(file: StoredFile) -> Iterator[tuple[Path, str]]:
    """A file on this machine and the SHA-256 of its bytes; a copy when it lies in a store, else the file itself.

    :raises ReadFailedError: when it cannot be read, or changed until the block ended: what was read of it must not be
        kept.
    """
    with _told(file):
        before = file.look()  # not as it was listed: some stores tell another time in a list
    if isinstance(file.fs, LocalFileSystem):
        with _told(file), Path(file.path).open("rb") as stream:
            checksum = hashlib.file_digest(stream, "sha256").hexdigest()
        _check_same(file, before)
        yield Path(file.path), checksum
    else:
        with tempfile.NamedTemporaryFile(prefix="crm-", suffix=Path(file.name).suffix) as copy:
            with _told(file), file.fs.open(file.path, "rb") as stream:
                shutil.copyfileobj(stream, copy, _PIECE)
                copy.seek(0)
                checksum = hashlib.file_digest(copy, "sha256").hexdigest()
            _check_same(file, before)
            yield Path(copy.name), checksum
    _check_same(file, before)


@contextmanager
def _told(file: StoredFile) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # each store raises its own; its text may hold what opens it
        said = error.strerror if isinstance(error, OSError) else None
        what = f"cannot be read: {said or type(error).__name__}"
        raise ReadFailedError(file.location, what, "Check the file, and its rights.") from None


def _check_same(file: StoredFile, before: State) -> None:
    with _told(file):
        now = file.look()
    if now != before:
        raise ReadFailedError(file.location, "changed while it was read", "Run it again when it is whole.")


def _settled(file: StoredFile) -> StoredFile:
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    state = file.state
    while 0 <= (age := time.time() - state.modified.timestamp()) < SETTLED_SECONDS:
        if time.monotonic() > deadline:
            raise ReadFailedError(file.location, "the file is still being written", "Run it again when it is whole.")
        time.sleep(SETTLED_SECONDS - age)
        state = file.look()
    return StoredFile(file.fs, file.path, file.name, file.day, state)


def _day(config: Files, path: str, under: str) -> date | None:
    if not config.date_pattern:
        return None
    parts = under.split("/")
    ends = ["/".join(parts[at:]) for at in range(len(parts))] if "/" in config.date_pattern else parts[-1:]
    match = next(filter(None, (re.fullmatch(config.date_pattern, end) for end in ends)), None)
    if not match:
        return None
    try:
        return date.fromisoformat(match[1])
    except ValueError:
        raise ReadFailedError(path, f"{match[1]} in the file's name is no date", "Rename the file.") from None


def state_of(fs: AbstractFileSystem, path: str, info: dict[str, Any] | None = None) -> State:
    """How a file is now, or was when ``info`` was listed."""
    if isinstance(fs, LocalFileSystem):
        s = Path(path).stat()
        modified = _EPOCH + timedelta(microseconds=s.st_mtime_ns // 1000)
        return State(s.st_size, modified, f"{s.st_size} {s.st_mtime_ns} {s.st_ctime_ns} {s.st_ino}")
    info = info or fs.info(path)
    given = next((info[key] for key in _MODIFIED if info.get(key)), None) or fs.modified(path)
    modified = _instant(given)
    tag = next((str(info[key]).strip('"') for key in _TAGS if info.get(key)), "")
    return State(info["size"], modified, f"{info['size']} {modified.isoformat()} {tag}")


def _instant(given: Any) -> datetime:
    if isinstance(given, (int, float)):
        return _EPOCH + timedelta(seconds=given)
    if isinstance(given, str):
        given = datetime.strptime(given, "%Y%m%d%H%M%S") if given.isdecimal() else datetime.fromisoformat(given)
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)


def _is_file(fs: AbstractFileSystem, path: str, info: dict[str, Any]) -> bool:
    # of this machine's: links are followed, and a named pipe would keep its reader waiting for ever
    return Path(path).is_file() if isinstance(fs, LocalFileSystem) else info["type"] == "file"


def _location(fs: AbstractFileSystem, path: str) -> str:
    if isinstance(fs, LocalFileSystem):
        return path
    scheme = fs.protocol if isinstance(fs.protocol, str) else fs.protocol[0]
    return f"{scheme}://{path.lstrip('/')}"
