"""What a source's reader remembers from one load to the next: cursors, ETags, files that were loaded."""

from collections.abc import Mapping


class Memory:
    """Keys and texts that earlier loads of an entity remembered, and what this load adds to them.

    The warehouse keeps what was added in the commit that keeps the load's rows: a load that fails learns nothing.
    ``skipped`` counts what was left out because an earlier load had it already.
    """

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self._known = dict(known or {})
        self.learned: dict[str, str] = {}
        self.skipped = 0

    def get(self, key: str) -> str | None:
        """What was remembered last under a key, by this load or an earlier one."""
        return self.learned.get(key, self._known.get(key))

    def remember(self, key: str, value: str) -> None:
        """Keep a text under a key, once the load's rows are kept."""
        if self.get(key) != value:
            self.learned[key] = value

    def items(self) -> dict[str, str]:
        """All that is remembered."""
        return self._known | self.learned
