"""What can go wrong with reports."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it brings matplotlib along, and the command looks for these errors whatever it does
    from include.reports.render import Edition


class ReportsFailedError(RuntimeError):
    """Reports that could not be made.

    :param editions: of the others.
    :param failed: subject → why.
    """

    def __init__(self, editions: "list[Edition]", failed: Mapping[str, Exception]) -> None:
        told = "; ".join(f"{subject}: {type(error).__name__}: {error}" for subject, error in failed.items())
        super().__init__(f"reports that could not be made: {told}")
        self.editions, self.failed = editions, failed
