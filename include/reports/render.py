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

import psycopg

from include.reports import customers, sales, service, summary
from include.reports.config import Brand, Format, load_reports_config
from include.reports.differences import figures
from include.reports.errors import ReportsFailedError
from include.reports.frame import Frame
from include.reports.language import LANGUAGES, Language, speaking
from include.reports.model import Report
from include.reports.page import page
from include.reports.pdf import pdf
from include.reports.reader import Reader
from include.reports.words import listed
from include.reports.workbook import workbook
from include.settings import REPORTS
from include.warehouse.connection import Warehouse
from include.warehouse.locks import shared
from include.window import Window

SUBJECTS: dict[str, Callable[[Reader, Frame], Report]] = {
    "customers": customers.build,
    "sales": sales.build,
    "service": service.build,
    "summary": summary.build,
}

# Formats beside the page, each from the same report.
MAKERS: dict[str, Callable[[Report, Frame, Brand], bytes]] = {"pdf": pdf, "xlsx": workbook}


@dataclass(frozen=True)
class Edition:
    """One kept rendering of a report.

    :param path: the page.
    :param checksum: SHA-256 of the page, in hexadecimal.
    :param is_new: whether this very page had not been made before.
    :param others: the same report in other formats, beside the page.
    :param report: what is told.
    :param edition_id: its number in the books.
    """

    path: Path
    checksum: str
    is_new: bool
    language: Language
    others: tuple[Path, ...]
    report: Report
    frame: Frame
    edition_id: int


def render(
    warehouse: Warehouse, subject: str, window: Window, sources: Sequence[str], folder: Path = REPORTS,
    formats: Collection[Format] = (), language: Language = "en",
) -> Edition:  # fmt: skip
    """Make the report of a subject in one language: see `render_all`."""
    return render_all(warehouse, [subject], window, sources, folder, formats, [language])[0]


def render_all(
    warehouse: Warehouse, subjects: Sequence[str], window: Window, sources: Sequence[str], folder: Path = REPORTS,
    formats: Collection[Format] = (), languages: Sequence[Language] = ("en",),
) -> list[Edition]:  # fmt: skip
    """Make reports of a window and keep them; the same warehouse gives the same bytes.

    Writes ``<folder>/<subject>/<window>/<checksum>.html`` and the manifest beside it, and a row of ops.report_edition,
    for each subject and language. An edition that is there is never changed. All tell of one state of the warehouse,
    and what several of them ask for is asked for once.

    :param subjects: customers, sales, service, summary.
    :param sources: names of the sources that the reports cover.
    :param formats: others than the page, which is always made; each beside it, with its name.
    :returns: by subject, then by language, as they are given.
    :raises ReportsFailedError: when a report could not be made; it has those that could.
    :raises ValueError: when there is no such subject or language, or no source is named.
    """
    if unknown := [subject for subject in subjects if subject not in SUBJECTS]:
        raise ValueError(f"there is no report {', '.join(unknown)}; the reports are {', '.join(SUBJECTS)}")
    if unknown := [language for language in languages if language not in LANGUAGES]:
        raise ValueError(f"reports do not speak {', '.join(unknown)}; they speak {', '.join(LANGUAGES)}")
    if not sources:
        raise ValueError(f"the {listed(list(subjects))} report needs at least one source, and none was named")
    frame = Frame(window, tuple(sorted(set(sources))))
    # an erasure looks through the editions when those that are made from what was before it are there
    with warehouse.connect(autocommit=True) as holding, shared(holding, "editions"):
        told: list[tuple[Report, Language, dict]] = []
        failed: dict[str, Exception] = {}
        with warehouse.connect() as connection:
            # one state of the warehouse for all figures; it must be set before the first statement
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            with connection.transaction():
                reader = Reader(connection, frame.parameters())
                for subject in subjects:
                    try:
                        with reader.attempt():
                            made = []
                            for language in languages:
                                with speaking(language), reader.noting() as ran:
                                    made.append((SUBJECTS[subject](reader, frame), language, ran))
                    except (
                        psycopg.OperationalError
                    ):  # the warehouse is not there, or has no room: nor would others be made
                        raise
                    except Exception as error:  # the others are made all the same; it is raised below
                        failed[subject] = error
                    else:
                        told += made
        editions = [_keep(warehouse, report, frame, ran, folder, formats, language) for report, language, ran in told]
    if failed:
        raise ReportsFailedError(editions, failed) from next(iter(failed.values()))
    return editions


def _keep(
    warehouse: Warehouse, report: Report, frame: Frame, ran: dict, folder: Path, formats: Collection[Format],
    language: Language,
) -> Edition:  # fmt: skip
    brand = load_reports_config().brand
    with speaking(language):
        text = page(report, frame, brand)
        checksum = hashlib.sha256(text).hexdigest()
        path = folder / report.subject / frame.window.label / f"{checksum[:12]}.html"
        manifest = _manifest(report, frame, ran, text, checksum, language)
        if not path.exists():  # an edition that is there is never changed, its manifest neither
            write_whole(path.with_suffix(".json"), json.dumps(manifest, indent=2, sort_keys=True).encode() + b"\n")
            write_whole(path, text)
        others = [path.with_suffix(f".{name}") for name in MAKERS if name in formats]
        for other in others:
            if not other.exists():
                write_whole(other, MAKERS[other.suffix[1:]](report, frame, brand))
    number, is_new = _book(warehouse, frame, path.relative_to(folder), manifest)
    return Edition(path, checksum, is_new, language, tuple(others), report, frame, number)


def _manifest(
    report: Report, frame: Frame, ran: dict, text: bytes, checksum: str, language: Language
) -> dict:  # fmt: skip
    """Inputs, versions and counts, and no clock: the same edition has the same manifest."""
    return {
        "subject": report.subject,
        "language": language,
        "window": {
            "start": frame.window.start.isoformat(),
            "end": frame.window.end.isoformat(),
            "timezone": frame.window.zone.key,
        },
        "sources": list(frame.sources),
        "queries": ran,
        **figures(report),
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("babel", "jinja2", "matplotlib", "psycopg")},
        },
        "bytes": len(text),
        "checksum": checksum,
    }


def write_whole(path: Path, content: bytes) -> None:
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


def _book(warehouse: Warehouse, frame: Frame, path: Path, manifest: dict) -> tuple[int, bool]:
    """Note the edition in the books; its number, and whether it was not there yet."""
    key = [manifest["subject"], frame.window.start, frame.window.end, list(frame.sources), manifest["checksum"]]
    with warehouse.connect() as connection:
        noted = connection.execute(
            "insert into ops.report_edition (subject, window_start, window_end, sources, checksum, language, path,"
            " manifest) values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning edition_id",
            [*key, manifest["language"], str(path), json.dumps(manifest)],
        ).fetchone()
        there = (
            noted
            or connection.execute(
                "select edition_id from ops.report_edition"
                " where (subject, window_start, window_end, sources, checksum) = (%s, %s, %s, %s, %s)",
                key,
            ).fetchone()
        )
    assert there
    return there[0], noted is not None
