"""What differs between two editions of a report: kept in their manifests, so that none of their pages is opened."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from include.reports.model import Report, Table
from include.reports.words import show

MOST_TOLD = 8


@dataclass(frozen=True)
class Differences:
    """What an edition tells otherwise than the one before it.

    :param since: when that one was made.
    :param figures: label, what it told, what it tells, of the figures at the top.
    :param tables: captions of the tables that have other rows.
    """

    since: datetime
    figures: list[tuple[str, str, str]]
    tables: list[str]

    def as_text(self) -> str:
        """One line for people."""
        told = [f"{label} {before} → {now}" for label, before, now in self.figures[:MOST_TOLD]]
        if (left := len(self.figures) - MOST_TOLD) > 0:
            told.append(f"{left} more figures")
        if self.tables:
            told.append(f"other rows in {', '.join(self.tables)}")
        return "; ".join(told) or "the same figures and tables"


def figures(report: Report) -> dict[str, Any]:
    """What is kept of a report in its manifest: the figures at the top, and a hash of each table.

    Tables may name persons, so that only their hashes are kept.
    """
    tables = [block for section in report.sections for block in section.blocks if isinstance(block, Table)]
    return {
        "figures": [[tile.label, f"{show(tile.kind, tile.value)} {tile.unit}".rstrip()] for tile in report.tiles],
        "tables": [
            [table.caption, hashlib.sha256(json.dumps(table.rows, default=str).encode()).hexdigest()]
            for table in tables
        ],
    }


def differences(before: Mapping[str, Any], now: Mapping[str, Any], since: datetime) -> Differences:
    """What the manifest ``now`` tells otherwise than ``before``, of what both tell."""
    told, hashes_before = dict(before.get("figures", [])), dict(before.get("tables", []))
    return Differences(
        since,
        [
            (label, told[label], value)
            for label, value in now.get("figures", [])
            if label in told and told[label] != value
        ],
        [
            caption
            for caption, rows in now.get("tables", [])
            if caption in hashes_before and hashes_before[caption] != rows
        ],
    )


def since_the_one_before(connection: psycopg.Connection, path: str) -> Differences | None:
    """What an edition tells otherwise than the one that was made before it, of the same window, sources and language.

    :param path: of the edition's page, as it is in ops.report_edition.
    :returns: None when it is the first.
    """
    row = connection.execute(
        "select e.manifest, o.manifest, o.rendered_at from ops.report_edition as e"
        " join lateral (select manifest, rendered_at from ops.report_edition as b"
        " where (b.subject, b.language, b.window_start, b.window_end, b.sources)"
        " = (e.subject, e.language, e.window_start, e.window_end, e.sources) and b.edition_id < e.edition_id"
        " order by b.edition_id desc limit 1) as o on true where e.path = %s",
        [path],
    ).fetchone()
    return differences(row[1], row[0], row[2]) if row else None
