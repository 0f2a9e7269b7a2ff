"""Reading files: those of a window, or those named by hand, each once, a broken one apart from the others."""

from collections.abc import Callable, Generator
from datetime import date, datetime
from pathlib import Path

from include.sources.config import Entity, Files, Source
from include.sources.config.files import UNFINISHED
from include.sources.connection import SourceConnection
from include.sources.errors import BadFileError, ReadFailedError, SourceError
from include.sources.files.aside import set_aside
from include.sources.files.csv_file import read_csv
from include.sources.files.excel import read_excel
from include.sources.files.json_lines import read_json_lines
from include.sources.files.loaded import LoadedFiles, version_times
from include.sources.files.parquet import read_parquet
from include.sources.files.store import StoredFile, fetched, local_file, window_files
from include.sources.files.unpack import Content, contents
from include.sources.memory import Memory
from include.sources.page import Page, unreadable
from include.window import Window

__all__ = ["match_files", "read_file", "read_named_files", "read_window_files", "set_aside"]

_PROBLEMS_TOLD = 10

_READERS: dict[str, Callable[[Files, Content], Generator[Page]]] = {
    "csv": read_csv,
    "excel": read_excel,
    "jsonl": read_json_lines,
    "parquet": read_parquet,
}


def read_file(config: Files, file: Content) -> Generator[Page]:
    """The records of one table, by the reader of its format.

    :raises BadFileError: when it is not what the YAML says; pages handed on before that are good.
    """
    return _READERS[config.format](config, file)


def read_window_files(entity: Entity, window: Window, connection: SourceConnection, memory: Memory) -> Generator[Page]:
    """The records of a window's files that were not loaded before.

    A file that is not what the YAML says becomes one unreadable record, its reason the rule id; the others are read.

    :raises ReadFailedError: when a file or the folder cannot be read, is still being written, or changes meanwhile.
    """
    assert entity.files
    files = window_files(entity.files, window, connection)
    yield from _read_files(entity, files, version_times(files), memory, keep_bad=True)


def read_named_files(entity: Entity, paths: list[Path], today: date | None, memory: Memory) -> Generator[Page]:
    """The records of files of this machine that were not loaded before, whatever their names' dates.

    :param today: the business day of files whose name tells none; None takes the time of their last change.
    :raises BadFileError: when a file is not what the YAML says.
    :raises ReadFailedError: when a file cannot be read, or changes meanwhile.
    """
    assert entity.files
    files = [local_file(path, entity.files) for path in paths]
    yield from _read_files(entity, files, version_times(files, today), memory, keep_bad=False)


def match_files(source: Source, paths: list[Path]) -> dict[str, list[Path]]:
    """Which entity each file belongs to, by its name; folders stand for the files in them that match.

    :returns: entity name → files in order of their names; only entities that have any.
    :raises SourceError: when a path is missing, or a named file (or every file of a folder) belongs to no entity.
    """
    patterns = {entity.name: entity.files.pattern for entity in source.entities.values() if entity.files}
    matched: dict[str, list[Path]] = {}
    for path in paths:
        if not path.exists():
            raise SourceError(
                source.name, "files", None, str(path), "there is no such file or folder", "Check the path."
            )
        found = [
            (name, file)
            for name, pattern in patterns.items()
            for file in (_inside(path, pattern) if path.is_dir() else [path] if path.match(pattern) else [])
        ]
        if not found:
            expected = ", ".join(patterns.values()) or "no files at all"
            what = f"no file here that the source takes: it takes {expected}"
            raise SourceError(source.name, "files", None, str(path), what, "Rename the file or name another source.")
        for name, file in found:
            matched.setdefault(name, []).append(file)
    return matched


def _inside(folder: Path, pattern: str) -> list[Path]:
    return sorted(
        file
        for file in folder.glob(pattern)
        if file.is_file() and not UNFINISHED.search(file.relative_to(folder).as_posix())
    )


def _read_files(
    entity: Entity, files: list[StoredFile], times: dict[str, datetime], memory: Memory, *, keep_bad: bool
) -> Generator[Page]:
    assert entity.files
    loaded = LoadedFiles(entity, memory)
    for file in files:
        if loaded.is_untouched(file):
            memory.skipped += 1
            continue
        with fetched(file) as (path, checksum):
            if loaded.is_loaded(file, checksum):
                memory.skipped += 1
                continue
            seen_at, problems = loaded.seen_at(file, times[file.path]), list[BadFileError]()
            for page in _pages(entity.files, file, path, problems if keep_bad else None):
                page.seen_at = seen_at
                yield page
            if problems:
                bad = [unreadable(f"{p} SHA-256: {checksum}", p.reason, file.name) for p in problems]
                yield Page([], [], bad, file.name, seen_at)
            told = "; ".join(f"{p.reason}: {p}" for p in problems[:_PROBLEMS_TOLD])
            loaded.remember(file, checksum, seen_at, told or None)


def _pages(config: Files, file: StoredFile, path: Path, problems: list[BadFileError] | None) -> Generator[Page]:
    """The pages of every table in a file; what is wrong with it, or with one of them, is added to ``problems``.

    :raises BadFileError: at the first problem, when ``problems`` is None.
    """
    try:
        with contents(config, path, file.name, file.location) as tables:
            for table in tables:
                try:
                    yield from read_file(config, table)
                except BadFileError as error:
                    if problems is None:
                        raise
                    problems.append(error)
    except BadFileError as error:
        if problems is None:
            raise
        problems.append(error)
    except OSError as error:
        what = f"cannot be read: {error.strerror or type(error).__name__}"
        raise ReadFailedError(file.location, what, "Check its rights, and the space for temporary files.") from None
