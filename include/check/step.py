"""One line of a check."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One thing looked at.

    What is not ``ok`` would keep the source from loading; what is and still has something to ``do`` is for a person to
    look at. ``figures`` are its numbers, by name.
    """

    name: str
    ok: bool
    says: str
    do: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


def count_of(number: int, one: str, many: str = "") -> str:
    """``1 record``, ``2 records``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
