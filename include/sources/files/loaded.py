"""Which files were loaded before: a file is loaded once by its content, whatever its name."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from include.sources.config import Entity
from include.sources.files.store import StoredFile
from include.sources.memory import Memory
from include.window import Window

_TICK = timedelta(microseconds=1)
# A modification time in seconds since 1970, divided by this, is some hours of the day until the year 2200.
_SHRUNK = 100_000

# what the YAML says of where files are, not of how they are read
_NOT_OF_READING = {"path", "pattern", "date_pattern", "snapshot", "aside"}


@dataclass(frozen=True)
class Known:
    """What is remembered of a file's name.

    :param content: SHA-256 of the bytes that were loaded last, and a fingerprint of how they were read.
    :param stamp: see `State`: while it is the same, the bytes need not be looked at.
    :param seen_at: version time of its records, ISO 8601; None for a copy, which was not loaded.
    :param bad: what was wrong with it.
    """

    content: str
    stamp: str
    seen_at: str | None = None
    bad: str | None = None


class LoadedFiles:
    """What an entity's memory knows of files, and learns of them.

    A file is left out when its name was loaded last with the same content, or when its name was never loaded and its
    content was, under another name: a copy. A file that is read in another way than before, because the YAML changed,
    counts as another content.
    """

    def __init__(self, entity: Entity, memory: Memory) -> None:
        assert entity.files
        how = [entity.files.model_dump(mode="json", exclude=_NOT_OF_READING, exclude_defaults=True), entity.id]
        self._how = hashlib.sha256(json.dumps([*how, entity.version_at], sort_keys=True).encode()).hexdigest()[:12]
        self._memory = memory
        self._copies_count = entity.files.snapshot

    def known(self, name: str) -> Known | None:
        """What is remembered of a name."""
        text = self._memory.get(f"file {name}")
        return Known(**json.loads(text)) if text else None

    def bad(self) -> dict[str, Known]:
        """The names of files that something was wrong with when they were read last."""
        names = [key.removeprefix("file ") for key in self._memory.items() if key.startswith("file ")]
        return {name: known for name in names if (known := self.known(name)) and known.bad}

    def is_untouched(self, file: StoredFile) -> bool:
        """Whether the file is, by all that its folder tells of it, the one that was loaded last."""
        known = self.known(file.name)
        return bool(known and known.stamp == file.state.stamp and known.content.endswith(self._how))

    def is_loaded(self, file: StoredFile, checksum: str) -> bool:
        """Whether the file's content was loaded, by the rule above; what it looks like now is remembered."""
        content, known = f"{checksum} {self._how}", self.known(file.name)
        if known and known.content == content:
            self._remember(file.name, Known(content, file.state.stamp, known.seen_at, known.bad))
            return True
        is_new = known is None or known.seen_at is None
        if is_new and not self._copies_count and self._memory.get(f"content {content}") is not None:
            self._remember(file.name, Known(content, file.state.stamp, None))
            return True
        return False

    def seen_at(self, file: StoredFile, seen_at: datetime) -> datetime:
        """The version time of the file's records: after that of what its name held before, however old it looks."""
        known = self.known(file.name)
        if not known or not known.seen_at:
            return seen_at
        return max(seen_at, datetime.fromisoformat(known.seen_at) + _TICK)

    def remember(self, file: StoredFile, checksum: str, seen_at: datetime, bad: str | None) -> None:
        """The file was read; ``bad`` is what was wrong with it."""
        content = f"{checksum} {self._how}"
        self._memory.remember(f"content {content}", file.name)
        self._remember(file.name, Known(content, file.state.stamp, seen_at.isoformat(), bad))

    def _remember(self, name: str, known: Known) -> None:
        self._memory.remember(f"file {name}", json.dumps({k: v for k, v in asdict(known).items() if v is not None}))


def version_times(files: Iterable[StoredFile], today: date | None = None) -> dict[str, datetime]:
    """Path → version time of the records of each file that have none of their own, whichever window reads it.

    A file with a day in its name: the start of that business day, plus the hundred-thousandth part of its modification
    time (Unix seconds; five hours in 2026): of two files of a day, the one that was modified later wins, and any file
    of the next day wins over both. A file without: its modification time, or like one of the day ``today``. Files that
    would have the same are told apart by their names' order.
    """
    times: dict[str, datetime] = {}
    latest: dict[date | None, datetime] = {}
    for file in sorted(files, key=lambda file: (file.state.modified, file.name)):
        day, at = file.day or today, file.state.modified
        if day:
            at = Window.day(day).start + timedelta(seconds=max(at.timestamp(), 0) / _SHRUNK)
        if day in latest:
            at = max(at, latest[day] + _TICK)
        times[file.path] = latest[day] = at
    return times
