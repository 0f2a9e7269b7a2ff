"""What is in a file: itself, or what its gzip or zip archive holds, whole and of a bearable size."""

import gzip
import hashlib
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import IO, cast

from include.sources.config import Files
from include.sources.config.files import UNFINISHED
from include.sources.errors import BadFileError
from include.sources.yaml_lines import on_one_line

# An archive beyond these is made to fill the disk: real data packs to a fiftieth at the best.
LARGEST_UNPACKED = 64 * 2**30
SMALL_UNPACKED = 256 * 2**20  # below it any ratio is harmless
LARGEST_RATIO = 200
MOST_MEMBERS = 10_000
LONGEST_NAME = 500
_PIECE = 2**20
_SEND_AGAIN = "Send the file again."
# what the libraries raise for a broken archive; a ValueError is a broken header or name
_BROKEN = (zipfile.BadZipFile, EOFError, zlib.error, struct.error, ValueError, NotImplementedError, OverflowError)


@dataclass(frozen=True)
class Content:
    """The bytes of one table.

    :param name: for people: ``orders.csv``, ``orders.zip/orders.csv``; safe to store.
    :param location: the same with its folder, for errors.
    :param open: opens the bytes, unpacked.
    :param path: where the bytes lie as they are, if they do.
    """

    name: str
    location: str
    open: Callable[[], IO[bytes]]
    path: Path | None = None

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """A file with the bytes, for readers that must jump about in it; one made for it is gone afterwards."""
        if self.path:
            yield self.path
            return
        with tempfile.NamedTemporaryFile(prefix="crm-", suffix=Path(self.name).suffix) as copy:
            with self.open() as packed:
                shutil.copyfileobj(packed, copy, _PIECE)
            copy.flush()
            yield Path(copy.name)


def mark_length(stream: IO[bytes], encoding: str) -> int:
    """The length of the byte order mark that a stream begins with: it is no part of the text.

    Read from the stream's start, which is left there or behind the mark.
    """
    try:
        mark = b"" if "".encode(encoding) else "\ufeff".encode(encoding)  # utf-16 looks for its mark itself
    except UnicodeEncodeError:
        return 0
    return len(mark) if stream.read(len(mark)) == mark else 0


def printable(name: str) -> str:
    """A name from outside as text that can be stored and shown anywhere."""
    text = on_one_line(name)
    if len(text) <= LONGEST_NAME:
        return text
    return f"{text[:LONGEST_NAME]}…{hashlib.sha256(text.encode()).hexdigest()[:16]}"


@contextmanager
def contents(config: Files, path: Path, name: str, location: str) -> Iterator[list[Content]]:
    """The tables in a file, in order: one, but for a zip archive, where it is the members that ``members`` names.

    Archives are unpacked once beforehand, to nowhere, so that nothing of a broken or endless one is handed on.

    :raises BadFileError: ``not_gzip``, ``not_zip``, ``corrupt_archive``, ``cut_off_file``, ``locked_zip``,
        ``unknown_packing``, ``archive_too_large``, ``empty_zip``.
    """
    if name.lower().endswith(".gz"):
        with path.open("rb") as file:
            if file.read(2) != b"\x1f\x8b":
                raise BadFileError(location, "not_gzip", "is no gzip archive, whatever its name says", _SEND_AGAIN)
        unpacked = Content(name, location, cast(Callable[[], IO[bytes]], partial(gzip.open, path)))
        _check(location, path, [unpacked])
        yield [unpacked]
    elif name.lower().endswith(".zip"):
        with _archive(path, location) as archive:
            members = [
                Content(f"{name}/{called}", f"{location}/{called}", partial(archive.open, member))
                for member in _members(config, archive, location)
                for called in [printable(member.filename)]
            ]
            _check(location, path, members)
            yield members
    else:
        yield [Content(name, location, lambda: path.open("rb"), path)]


def _archive(path: Path, location: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except _BROKEN:
        raise BadFileError(location, "not_zip", "is no zip archive, or its end is missing", _SEND_AGAIN) from None


def _members(config: Files, archive: zipfile.ZipFile, location: str) -> list[zipfile.ZipInfo]:
    # a name is only ever compared and shown: nothing is written where it says
    members = [
        member
        for member in archive.infolist()
        if not member.is_dir()
        and fnmatchcase(member.filename.rpartition("/")[2], config.members)
        and not UNFINISHED.search(member.filename)
    ]
    if not members:
        what = f"has no member that is named like {config.members}"
        raise BadFileError(location, "empty_zip", what, "Check the file, and members: in the source's YAML.")
    if len(members) > MOST_MEMBERS:
        raise BadFileError(location, "archive_too_large", f"has over {MOST_MEMBERS:,} members", "Send fewer at once.")
    if any(member.flag_bits & 1 for member in members):
        raise BadFileError(location, "locked_zip", "is locked with a password", "Send it without one.")
    if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
        raise BadFileError(location, "unknown_packing", "is packed by another way than deflate", "Use plain zip.")
    return sorted(members, key=lambda member: member.filename)


def _check(location: str, path: Path, parts: list[Content]) -> None:
    packed, unpacked = path.stat().st_size, 0
    try:
        for part in parts:
            with part.open() as stream:
                while piece := stream.read(_PIECE):
                    unpacked += len(piece)
                    is_small = unpacked <= max(SMALL_UNPACKED, packed * LARGEST_RATIO)
                    if unpacked > LARGEST_UNPACKED or not is_small:
                        what = f"unpacks to over {unpacked // 2**20:,} MB from {packed // 2**20:,}"
                        raise BadFileError(location, "archive_too_large", what, "Send it in smaller files.")
    except EOFError:
        raise BadFileError(location, "cut_off_file", "ends in the middle of its archive", _SEND_AGAIN) from None
    except (gzip.BadGzipFile, *_BROKEN) as error:
        raise BadFileError(location, "corrupt_archive", f"cannot be unpacked: {error!s:.200}", _SEND_AGAIN) from None
