"""Files that name a forgotten person: kept editions of reports, data docs, journals of crawls, logs."""

import hashlib
import html
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from include.warehouse.redaction import FORGOTTEN, Needles

# the state folder's own things that are no text of ours: the servers' data, secrets, the made-up company
NOT_SEARCHED = ("postgres", "sandbox")
PAGES = (".html", ".json")
BESIDE = (".pdf", ".xlsx", ".1.png", ".2.png", ".3.png")
LARGEST_BYTES = 256 * 2**20


@dataclass(frozen=True)
class LookedFor:
    """What files are searched for: values of nobody else, values of others too, ids, subjects of their tickets."""

    own: tuple[str, ...]
    shared: tuple[str, ...]
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    reason: str | None

    def to_json(self) -> str:
        """As ops.erasure keeps it until the files are done."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "LookedFor":
        """What `to_json` wrote."""
        lists = {name: tuple(value[name]) for name in ("own", "shared", "ids", "texts")}
        return cls(**lists, reason=value["reason"])

    @property
    def needles(self) -> Needles:
        """The values as they are, and as pages write them.

        A page does not tell two people of one name apart: rather both are left out than one is kept.
        """
        names = (value for value in self.shared if " " in value or not value.isascii())
        return Needles(_as_written((*self.own, *self.ids, *self.texts, *names)))


def _as_written(values: tuple[str, ...]) -> set[str]:
    return {
        way
        for value in values
        for way in (value, html.escape(value), html.escape(value, quote=False), json.dumps(value)[1:-1],
                    value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
                    .replace("'", "&#39;"))
    }  # fmt: skip


def free_files(
    looked_for: LookedFor,
    state: Path,
    reports: Path,
    *,
    dry_run: bool = False,
    connection: psycopg.Connection | None = None,
) -> tuple[dict[str, int], list[str]]:
    """Free every file of the installation of a person; again finds nothing, or what a crash left.

    An edition's values become ``(forgotten)``, and its manifest and its row in ops.report_edition say so. A journal of
    a crawl is deleted: the crawl begins anew. In a log each character becomes ``*``, in place, since a process may be
    writing it. Of what is in no text (a picture, a workbook) it is said that it was not searched.

    :param dry_run: change nothing.
    :param connection: to the books of editions; without it they are not written.
    :returns: file → how many places; and what was not searched, in words.
    """
    needles = looked_for.needles
    found: dict[str, int] = {}
    for path in _files(reports):
        if path.suffix == ".html":
            if count := _free_page(path, needles, dry_run):
                found[f"reports/{path.relative_to(reports)}"] = count
                # of the same report, in formats that cannot be freed of a value: they can be made again
                for other in BESIDE:
                    if (beside := path.with_suffix(other)).exists():
                        found[f"reports/{beside.relative_to(reports)}"] = 1
                        if not dry_run:
                            beside.unlink()
            if not dry_run:
                _tell_manifest(path, looked_for, path.relative_to(reports), connection)
    for path in _files(state):
        if path.is_relative_to(reports):
            continue
        if count := _free_other(path, needles, dry_run):
            found[str(path.relative_to(state))] = count
    return found, _not_searched(state, reports)


def _not_searched(state: Path, reports: Path) -> list[str]:
    told = []
    if others := sorted(
        {
            path.suffix or path.name
            for path in _files(reports)
            if path.suffix not in PAGES + BESIDE and not path.name.endswith(BESIDE)
        }
    ):
        told.append(f"files of reports that are no pages ({', '.join(others)}): they were not searched")
    large_files = (path for path in _files(state) if path.stat().st_size > LARGEST_BYTES)
    # an extract is no text, and made anew
    if large := [str(path.relative_to(state)) for path in large_files if path.suffix != ".hyper"]:
        told.append(f"files larger than {LARGEST_BYTES // 2**20} MB: {', '.join(large)}")
    return told


def _files(folder: Path) -> Iterator[Path]:
    """Every file of a folder, but for what servers and the made-up company keep in it."""
    for place, folders, names in os.walk(folder):
        if Path(place) == folder:
            folders[:] = [name for name in folders if name not in NOT_SEARCHED]
        folders.sort()
        paths = (Path(place, name) for name in sorted(names))
        yield from (path for path in paths if path.is_file() and not path.is_symlink())


def _free_page(path: Path, needles: Needles, dry_run: bool) -> int:
    text = path.read_text("utf-8")
    freed = needles.scrub(text)
    if freed == text:
        return 0
    if not dry_run:
        _write(path, freed.encode())
    return freed.count(FORGOTTEN) - text.count(FORGOTTEN)


def _tell_manifest(path: Path, looked_for: LookedFor, name: Path, connection: psycopg.Connection | None) -> None:
    """Bring an edition's manifest and its row in the books up to date with a page that was freed of somebody."""
    beside = path.with_suffix(".json")
    if not beside.exists():
        return
    page = path.read_bytes()
    checksum = hashlib.sha256(page).hexdigest()
    manifest = json.loads(beside.read_text("utf-8"))
    if manifest["checksum"] != checksum and FORGOTTEN.encode() in page:
        erased = {
            "erased_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "reason": looked_for.reason,
            "checksum_before": manifest["checksum"],
            "checksum_after": checksum,
        }
        manifest |= {
            "checksum": checksum, "bytes": len(page), "erasures": [*manifest.get("erasures", []), erased],
        }  # fmt: skip
        _write(beside, json.dumps(manifest, indent=2, sort_keys=True).encode() + b"\n")
    if connection and "erasures" in manifest:
        # two editions that differed by the person alone are one now
        connection.execute(
            "delete from ops.report_edition as e using ops.report_edition as o where e.path = %(path)s"
            " and e.checksum <> %(checksum)s and o.path <> e.path and o.checksum = %(checksum)s"
            " and (o.subject, o.window_start, o.window_end, o.sources)"
            " = (e.subject, e.window_start, e.window_end, e.sources)",
            {"path": str(name), "checksum": checksum},
        )
        connection.execute(
            "update ops.report_edition set checksum = %s, manifest = %s where path = %s and checksum <> %s",
            [checksum, json.dumps(manifest), str(name), checksum],
        )


def _free_other(path: Path, needles: Needles, dry_run: bool) -> int:
    try:
        text = "" if path.stat().st_size > LARGEST_BYTES else path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return 0
    freed = needles.scrub(text)
    if freed == text:
        return 0
    count = freed.count(FORGOTTEN) - text.count(FORGOTTEN)
    if dry_run:
        return count
    if "crawls" in path.parts:
        path.unlink(missing_ok=True)
    elif path.suffix == ".log":
        with path.open("r+b") as log:
            log.write(needles.mask(text).encode())
    else:
        _write(path, freed.encode())
    return count


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(unfinished).chmod(path.stat().st_mode if path.exists() else 0o644)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
