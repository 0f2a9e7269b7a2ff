"""Rendering: the figures of a window out of the warehouse, made into a page that is kept as an edition."""

import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import psycopg

from include.reports import customers, sales, service
from include.reports.frame import Frame
from include.reports.model import Report
from include.reports.page import page
from include.reports.pdf import pdf
from include.reports.reader import Reader
from include.reports.workbook import workbook
from include.settings import REPORTS
from include.warehouse.connection import Warehouse
from include.warehouse.locks import shared
from include.window import Window

SUBJECTS: dict[str, Callable[[Reader, Frame], Report]] = {
    "customers": customers.build,
    "sales": sales.build,
    "service": service.build,
}


Format = Literal["html", "pdf", "xlsx"]


# Formats beside the page, each from the same report.
MAKERS: dict[str, Callable[[Report, Frame], bytes]] = {"pdf": pdf, "xlsx": workbook}


@dataclass(frozen=True)
class Edition:
    """One kept rendering of a report.

    :param path: the page.
    :param checksum: SHA-256 of the page, in hexadecimal.
    :param is_new: whether this very page had not been made before.
    :param others: the same report in other formats, beside the page.
    """

    path: Path
    checksum: str
    is_new: bool
    others: tuple[Path, ...] = ()


def render(
    warehouse: Warehouse, subject: str, window: Window, sources: Sequence[str], folder: Path = REPORTS,
    formats: Collection[Format] = (),
) -> Edition:  # fmt: skip
    """Make the report of a subject for a window and keep it; the same warehouse gives the same bytes.

    Writes ``<folder>/<subject>/<window>/<checksum>.html`` and the manifest beside it, and a row of ops.report_edition.
    An edition that is there is never changed.

    :param formats: others than the page, which is always made; each beside it, with its name.

    :param subject: customers, sales or service.
    :param sources: names of the sources that the report covers.
    :raises ValueError: when there is no such subject, or no source is named.
    """
    if subject not in SUBJECTS:
        raise ValueError(f"there is no report {subject!r}; the reports are {', '.join(SUBJECTS)}")
    if not sources:
        raise ValueError(f"the {subject} report needs at least one source, and none was named")
    frame = Frame(window, tuple(sorted(set(sources))))
    # an erasure looks through the editions when those that are made from what was before it are there
    with warehouse.connect(autocommit=True) as holding, shared(holding, "editions"):
        return _render(warehouse, subject, frame, folder, formats)


def _render(
    warehouse: Warehouse, subject: str, frame: Frame, folder: Path, formats: Collection[Format]
) -> Edition:  # fmt: skip
    with warehouse.connect() as connection:
        # one state of the warehouse for all figures; it must be set before the first statement
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader = Reader(connection, frame.parameters())
        report = SUBJECTS[subject](reader, frame)
    text = page(report, frame)
    checksum = hashlib.sha256(text).hexdigest()
    manifest = _manifest(subject, frame, reader, text, checksum)
    path = folder / subject / frame.window.label / f"{checksum[:12]}.html"
    if not path.exists():  # an edition that is there is never changed, its manifest neither
        _write(path.with_suffix(".json"), json.dumps(manifest, indent=2, sort_keys=True).encode() + b"\n")
        _write(path, text)
    others = [path.with_suffix(f".{name}") for name in MAKERS if name in formats]
    for other in others:
        if not other.exists():
            _write(other, MAKERS[other.suffix[1:]](report, frame))
    return Edition(path, checksum, _book(warehouse, frame, path.relative_to(folder), manifest), tuple(others))


def _manifest(subject: str, frame: Frame, reader: Reader, text: bytes, checksum: str) -> dict:
    """Inputs, versions and counts, and no clock: the same edition has the same manifest."""
    return {
        "subject": subject,
        "window": {
            "start": frame.window.start.isoformat(),
            "end": frame.window.end.isoformat(),
            "timezone": frame.window.zone.key,
        },
        "sources": list(frame.sources),
        "queries": reader.ran,
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("jinja2", "matplotlib", "psycopg")},
        },
        "bytes": len(text),
        "checksum": checksum,
    }


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(unfinished).chmod(0o644)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def _book(warehouse: Warehouse, frame: Frame, path: Path, manifest: dict) -> bool:
    """Note the edition in the books; whether it was not there yet."""
    with warehouse.connect() as connection:
        noted = connection.execute(
            "insert into ops.report_edition (subject, window_start, window_end, sources, path, checksum, manifest)"
            " values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning edition_id",
            [
                manifest["subject"],
                frame.window.start,
                frame.window.end,
                list(frame.sources),
                str(path),
                manifest["checksum"],
                json.dumps(manifest),
            ],
        ).fetchone()
    return noted is not None
