"""Files loaded by hand: the same path as a scheduled day, from validation to the report."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from include.ingest import Counts
from include.settings import REPORTS, TIMEZONE
from include.sources import Memory, match_files, read_files
from include.sources.config import load_source
from include.subjects import Subject
from include.warehouse.connection import Warehouse
from include.warehouse.core import build_core
from include.warehouse.landing import land
from include.warehouse.marts import STATEMENTS, build_marts
from include.warehouse.memory import recall
from include.warehouse.migrations import migrate
from include.warehouse.staging import stage
from include.window import Window


@dataclass(frozen=True)
class LoadSummary:
    """What became of the files, and where the report is."""

    source: str
    counts: dict[str, Counts]
    skipped: int
    window: Window
    report: Path

    @property
    def total(self) -> Counts:
        return sum(self.counts.values(), Counts())

    def as_dict(self) -> dict:
        """The summary as plain values."""
        return {
            "source": self.source,
            "rows": self.total.as_dict(),
            "entities": {name: counts.as_dict() for name, counts in self.counts.items()},
            "skipped_files": self.skipped,
            "window": str(self.window),
            "reports": [str(self.report)],
        }

    def as_text(self) -> str:
        """The summary for people: a line an entity."""
        lines = [
            f"{name}: {c.received:,} received, {c.inserted:,} new, {c.unchanged:,} unchanged, "
            f"{c.unreadable:,} unreadable → {c.staged:,} staged, {c.quarantined:,} quarantined"
            for name, c in self.counts.items()
        ]
        if self.skipped:
            lines.append(f"{self.skipped:,} files skipped: loaded before (--again reads them nevertheless)")
        return "\n".join([*lines, f"Report for {self.window}: {self.report}"])


def load_files(
    warehouse: Warehouse,
    source_name: str,
    paths: list[Path],
    tell: Callable[[str], None] = lambda line: None,
    reports: Path = REPORTS,
    again: bool = False,
) -> LoadSummary:
    """Load files of a source, and render the report over all days that they tell of.

    It is the service report where the source has tickets and no deals, else the sales report.

    :param paths: files or folders; which entity a file belongs to is told by its name.
    :param tell: told what is going on, a line at a time.
    :param reports: folder of the reports.
    :param again: read files that were loaded before, too.
    :raises SourceError: when a file cannot be read; the files before it stay loaded.
    :raises ConfigError: when there is no such source.
    """
    from include.reports.render import render

    source = load_source(source_name)
    matched = match_files(source, paths)
    migrate(warehouse)
    today = Window.day(datetime.now(TIMEZONE).date())
    counts, skipped = {}, 0
    for name, files in matched.items():
        entity = source.entities[name]
        tell(f"{name}: {', '.join(file.name for file in files)}")
        memory = Memory() if again else recall(warehouse, source.name, name)
        pages = read_files(source, entity, files, today=today.first_day, memory=memory)
        landed = land(
            warehouse, source, entity, today, pages, memory=memory, kind="file", run_ref="crm load",
            progress=lambda count: tell(f"  {count:,} rows read"),
        )  # fmt: skip
        skipped += memory.skipped
        staged = stage(warehouse, source, entity, today)
        counts[name] = Counts(
            landed.received, landed.inserted, landed.unchanged, landed.unreadable, staged.validated, staged.staged,
            staged.quarantined,
        )  # fmt: skip
    tell("core")
    build_core(warehouse)
    feeds = {entity.feeds for entity in source.entities.values()}
    reported: Subject = "service" if "ticket" in feeds and "deal" not in feeds else "sales"
    window = Window.between(_first_day(warehouse, source_name) or today.first_day, today.last_day)
    for subject in STATEMENTS:
        tell(f"  {subject} marts, {len(window.days()):,} days")
        build_marts(warehouse, subject, window, settle=True)
    tell(f"report for {window}")
    report = render(warehouse, reported, window, [source_name], reports).path
    return LoadSummary(source_name, counts, skipped, window, report)


def _first_day(warehouse: Warehouse, source: str) -> date | None:
    with warehouse.connect() as connection:
        row = connection.execute(
            "select least((select min(least(d.created_at, d.first_seen_at, v.entered_at)) from core.fct_deal as d"
            " left join core.fct_deal_stage as v using (source, deal_id) where d.source = %(source)s),"
            " (select min(t.created_at) from core.fct_ticket as t where t.source = %(source)s))",
            {"source": source},
        ).fetchone()
    return row[0].astimezone(TIMEZONE).date() if row and row[0] else None
