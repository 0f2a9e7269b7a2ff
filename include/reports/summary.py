"""The summary of all three reports on one page, for those who have two minutes."""

from collections.abc import Callable
from dataclasses import replace

from include.reports import customers, sales, service
from include.reports.frame import Frame
from include.reports.language import _
from include.reports.model import Block, Picture, Report, Section, Sentence
from include.reports.reader import Reader

SENTENCES = 2
PICTURES = 4
# of each report the figures that are told, by their terms
PARTS: dict[str, tuple[Callable[[Reader, Frame], Report], tuple[str, ...]]] = {
    "sales": (sales.build, ("won", "win_rate", "pipeline", "velocity")),
    "service": (service.build, ("created_tickets", "backlog", "first_reply_time", "csat")),
    "customers": (customers.build, ("new_customers", "ordering_customers", "revenue", "order_value")),
}


def build(reader: Reader, frame: Frame) -> Report:
    """The summary of a frame: of each report the first sentences, four figures, and what happened over time."""
    narrow = replace(frame, is_narrow=True)
    reports = {subject: make(reader, narrow) for subject, (make, _terms) in PARTS.items()}
    blocks: list[Block] = [block for report in reports.values() for block in report.sections[0].blocks]
    shown = [block for block in blocks if isinstance(block, Picture)][:PICTURES]
    # what all of them need to be read is said once
    notes = [Sentence(note) for note in dict.fromkeys(block.note for block in shown) if note]
    pictures: list[Block] = [replace(block, note="") for block in shown]
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
        sections=[Section(_("Over time"), [*pictures, *notes] or blocks)],
    )
