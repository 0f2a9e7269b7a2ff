"""RFM segments: which recency and frequency scores carry which name."""

# (name, recency scores, frequency scores): the 25 pairs are each in one segment, the best customers first
SEGMENTS: tuple[tuple[str, range, range], ...] = (
    ("Champions", range(5, 6), range(4, 6)),
    ("Loyal", range(3, 5), range(4, 6)),
    ("Potential loyalists", range(4, 6), range(2, 4)),
    ("New", range(5, 6), range(1, 2)),
    ("Promising", range(4, 5), range(1, 2)),
    ("Need attention", range(3, 4), range(3, 4)),
    ("About to sleep", range(3, 4), range(1, 3)),
    ("Cannot lose them", range(1, 3), range(5, 6)),
    ("At risk", range(1, 3), range(3, 5)),
    ("Hibernating", range(1, 3), range(1, 3)),
)


def segment(recency_score: int, frequency_score: int) -> str:
    """The segment's name of two scores from 1 to 5.

    :raises ValueError: when a score is out of bounds.
    """
    for name, recency, frequency in SEGMENTS:
        if recency_score in recency and frequency_score in frequency:
            return name
    raise ValueError(f"no RFM segment has recency {recency_score} and frequency {frequency_score}: scores are 1 to 5")


def bounds(scores: range) -> str:
    """``4–5`` or ``3``."""
    return f"{scores[0]}–{scores[-1]}" if len(scores) > 1 else f"{scores[0]}"
