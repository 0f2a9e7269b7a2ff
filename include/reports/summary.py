"""The summary of all three reports on one page, for those who have two minutes."""

from collections.abc import Callable

from include.reports import customers, sales, service
from include.reports.frame import Frame
from include.reports.language import _
from include.reports.model import Picture, Report, Section, Sentence
from include.reports.reader import Reader

SENTENCES = 2
# of each report the figures that are told, by their terms
PARTS: dict[str, tuple[Callable[[Reader, Frame], Report], tuple[str, ...]]] = {
    "sales": (sales.build, ("won", "win_rate", "pipeline", "velocity")),
    "service": (service.build, ("created_tickets", "backlog", "first_reply_time", "csat")),
    "customers": (customers.build, ("new_customers", "ordering_customers", "revenue", "order_value")),
}


def build(reader: Reader, frame: Frame) -> Report:
    """The summary of a frame: of each report the first sentences, four figures and the first picture."""
    reports = {subject: make(reader, frame) for subject, (make, _terms) in PARTS.items()}
    return Report(
        subject="summary",
        title=_("Summary"),
        changes=[said for report in reports.values() for said in report.changes[:SENTENCES]],
        doubts=list(dict.fromkeys(said for report in reports.values() for said in report.doubts)),
        tiles=[
            next(tile for tile in reports[subject].tiles if tile.term == term)
            for subject, (_make, terms) in PARTS.items()
            for term in terms
        ],
        sections=[Section(report.title, [_first(report)]) for report in reports.values()],
    )


def _first(report: Report) -> Picture | Sentence:
    """The report's first picture, or what is said in its place."""
    return next(
        block for section in report.sections for block in section.blocks if isinstance(block, Picture | Sentence)
    )
