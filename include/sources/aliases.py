"""Pages that name another address as their own (``rel=canonical``): one page under several addresses, or a mistake."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """A page that names another as its canonical one.

    ``digest`` is of what it tells; ``was_same`` what an earlier crawl found; ``at`` where its records are in the
    journal, None when it did not change.
    """

    page: str
    canonical: str
    digest: str | None
    was_same: bool | None
    at: int | None


class Aliases:
    """Which of the pages that name a canonical address are that page.

    Many sites name one address on all of their pages by mistake, so it is believed only when what the pages tell is the
    same too: what the canonical page itself tells, when it was read, else what the others tell that name it. Neither
    depends on the order of reading.
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

    def settled(self) -> Iterator[tuple[Claim, bool, str | None]]:
        """Each claim, whether it is true, and the address that its records belong to: None when another page has them.

        To be asked once all pages are read.
        """
        for canonical, claims in sorted(self._claims.items()):
            own = self._digests.get(canonical)
            is_taken = own is not None
            agree = len({claim.digest for claim in claims}) == 1 and canonical not in self._digests
            for claim in sorted(claims, key=lambda claim: claim.page):
                is_same = claim.was_same
                if is_same is None:
                    is_same = claim.digest == own if is_taken else agree
                if not is_same:
                    yield claim, False, claim.page
                elif is_taken or claim.at is None:
                    yield claim, True, None
                else:
                    is_taken = True
                    yield claim, True, canonical
