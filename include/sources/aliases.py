"""Pages that name another address as their own (``rel=canonical``): one page under several addresses, or a mistake."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """A page that names another as its canonical one.

    ``digest`` is of what it tells. ``at`` is where the journal has its records; None when it did not change, and then
    ``was_same`` is what an earlier crawl found.
    """

    page: str
    canonical: str
    digest: str | None
    at: int | None
    was_same: bool = False


class Aliases:
    """Which of the pages that name a canonical address are that page.

    Many sites name one address on all of their pages by mistake, so it is believed only when what the pages tell is the
    same too: what the canonical page itself tells, when it was read, else what the others tell that name it. Neither
    depends on the order of reading. A page that tells something of its own is never dropped.
    """

    def __init__(self) -> None:
        self._digests: dict[str, str | None] = {}
        self._claims: dict[str, list[Claim]] = {}

    def saw(self, page: str, digest: str | None) -> None:
        """A page that is what it is; ``digest`` None: it was not looked at for records."""
        self._digests[page] = digest

    def claims(self, claim: Claim) -> None:
        """A page that names another."""
        self._claims.setdefault(claim.canonical, []).append(claim)

    def settled(self) -> Iterator[tuple[Claim, str | None]]:
        """Each claim of a page that changed, with the address that its records belong to: None when another has them.

        To be asked once all pages are read.
        """
        for canonical, claims in sorted(self._claims.items()):
            changed = sorted((claim for claim in claims if claim.at is not None), key=lambda claim: claim.page)
            told = {claim.digest for claim in changed}
            # of the others, a cache may have yesterday's
            agree = len(told) == 1 and all(
                claim.was_same or claim.digest in told for claim in claims if claim.at is None
            )
            is_taken = False
            for claim in changed:
                if canonical in self._digests:
                    yield claim, None if claim.digest == self._digests[canonical] else claim.page
                elif not agree:
                    yield claim, claim.page
                else:
                    yield claim, None if is_taken else canonical
                    is_taken = True
