"""The journal of a crawl: what it has read so far, in a file, so that a crawl that was stopped goes on where it was."""

import fcntl
import json
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import orjson

from include.settings import STATE
from include.sources.errors import ReadFailedError
from include.window import Window

# A crawl that nobody took up for so long is begun anew: the site is another one by now.
KEPT_SECONDS = 7 * 24 * 3600


def journal_path(source: str, entity: str, window: Window) -> Path:
    """Where the journal of a window's crawl is."""
    name = f"{window.start:%Y%m%dT%H%M%S}-{window.end:%Y%m%dT%H%M%S}.jsonl"
    return STATE / "crawls" / source / entity / name


class Journal:
    """An append-only file of lines, each a message of the crawler, one process at a time.

    Its first line says what it is: ``id``, and ``rules``, a digest of what the lines depend on. A journal of other
    rules, or one whose crawl has landed, is begun anew. What a crash cut off or spoilt counts as never written.

    :param landed: id of the journal that landed last; None when nothing has.
    :raises ReadFailedError: when another process is crawling this window.
    """

    def __init__(self, path: Path, rules: str, landed: str | None) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        _tidy(path, landed)
        self._file: IO[bytes] = open(path, "a+b", opener=_for_its_owner)  # noqa: SIM115
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            what = "another process is crawling this window"
            raise ReadFailedError(str(path), what, "Wait for it to end, or stop it.") from None
        _, told = next(self._messages(), (0, {}))
        if told.get("rules") == rules and told.get("id") != landed:
            self.id = told["id"]
        else:
            self.id = uuid.uuid4().hex
            self._file.truncate(0)
            self.append(orjson.dumps({"id": self.id, "rules": rules}))

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def messages(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The messages so far, oldest first, each with its place."""
        messages = self._messages()
        next(messages)
        yield from messages

    def append(self, line: bytes) -> int:
        """Add a message, as JSON; returns its place."""
        place = self._file.seek(0, os.SEEK_END)
        self._file.write(line.rstrip(b"\n") + b"\n")
        self._file.flush()
        return place

    def cut(self, place: int) -> None:
        """Forget the message at a place, and all after it."""
        self._file.truncate(place)

    def at(self, place: int) -> dict[str, Any]:
        """The message at a place."""
        with self.path.open("rb") as file:
            file.seek(place)
            return json.loads(file.readline())

    def _messages(self) -> Iterator[tuple[int, dict[str, Any]]]:
        with self.path.open("rb") as file:
            place = 0
            for line in file:
                try:
                    message = json.loads(line) if line.endswith(b"\n") else None
                except ValueError:
                    message = None
                if not isinstance(message, dict):
                    self.cut(place)
                    return
                yield place, message
                place += len(line)


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _tidy(path: Path, landed: str | None) -> None:
    """Remove the entity's journals that have landed, or are too old to go on with."""
    for other in path.parent.glob("*.jsonl"):
        with other.open("rb") as file:
            head = file.readline()
        has_landed = landed is not None and f'"id":"{landed}"'.encode() in head
        if has_landed or time.time() - other.stat().st_mtime > KEPT_SECONDS:
            other.unlink(missing_ok=True)
