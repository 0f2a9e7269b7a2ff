"""What a crawl keeps: its journal, the rules it was made by, the addresses that pages call their own."""

import itertools
import os
import time
from pathlib import Path
from typing import Any

import pytest

from include.sources.aliases import Aliases, Claim
from include.sources.config import Web
from include.sources.errors import ReadFailedError
from include.sources.journal import KEPT_SECONDS, Journal
from include.sources.web import rules_of


def pages(journal: Journal) -> list[int]:
    return [message["page"] for _, message in journal.messages()]


def test_a_stopped_crawl_finds_what_it_wrote(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with Journal(path, "rules", None) as first:
        place = first.append(b'{"page": 1}\n')
        first.append(b'{"page": 2}')
        assert first.at(place) == {"page": 1}
    assert path.stat().st_mode & 0o077 == 0, "it holds what the pages tell"
    with Journal(path, "rules", None) as second:
        assert second.id == first.id
        assert pages(second) == [1, 2]
        second.cut(place)
        assert pages(second) == []


@pytest.mark.parametrize("spoilt", [b'{"page": 2, "reco', b"\x00\x00\x00\n", b'"page"\n', b'{"page": \n{"page": 3}\n'])
def test_what_a_crash_cut_off_or_spoilt_was_never_written(tmp_path: Path, spoilt: bytes) -> None:
    path = tmp_path / "a.jsonl"
    with Journal(path, "rules", None) as journal:
        journal.append(b'{"page": 1}')
    with path.open("ab") as file:
        file.write(spoilt)
    with Journal(path, "rules", None) as journal:
        assert pages(journal) == [1]
        journal.append(b'{"page": 3}')
        assert pages(journal) == [1, 3]


def test_a_journal_whose_head_is_spoilt_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"id": "x", "ru')
    with Journal(path, "rules", None) as journal:
        assert pages(journal) == []


@pytest.mark.parametrize("change", ["landed", "other rules"])
def test_what_has_landed_or_follows_other_rules_is_begun_anew(tmp_path: Path, change: str) -> None:
    path = tmp_path / "a.jsonl"
    with Journal(path, "rules", None) as first:
        first.append(b'{"page": 1}')
    landed = first.id if change == "landed" else None
    with Journal(path, "rules" if change == "landed" else "others", landed) as second:
        assert second.id != first.id
        assert pages(second) == []


def test_journals_that_nobody_needs_are_removed(tmp_path: Path) -> None:
    old, landed, other = (tmp_path / f"{name}.jsonl" for name in ("old", "landed", "other"))
    for path in (old, landed, other):
        with Journal(path, "rules", None) as journal:
            if path == landed:
                id_ = journal.id
    then = time.time() - KEPT_SECONDS - 1
    os.utime(old, (then, then))
    with Journal(tmp_path / "now.jsonl", "rules", id_):
        assert sorted(path.stem for path in tmp_path.glob("*.jsonl")) == ["now", "other"]


def test_one_process_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with Journal(path, "rules", None), pytest.raises(ReadFailedError, match="another process is crawling this window"):
        Journal(path, "rules", None)


def settle(given: list[tuple[str, str | None, str | None]]) -> dict[str, str | None]:
    """What becomes of pages, given as address, canonical address and what they tell: whose the records are."""
    aliases = Aliases()
    for at, (page, canonical, digest) in enumerate(given):
        if canonical:
            aliases.claims(Claim(page, canonical, digest, at))
        else:
            aliases.saw(page, digest)
    return {claim.page: address for claim, address in aliases.settled()}


@pytest.mark.parametrize(
    ("given", "whose"),
    [
        # two addresses of a page that was read too
        ([("/p", None, "x"), ("/p?a", "/p", "x"), ("/p?b", "/p", "x")], {"/p?a": None, "/p?b": None}),
        # … and of one that nothing leads to
        ([("/p?a", "/p", "x"), ("/p?b", "/p", "x")], {"/p?a": "/p", "/p?b": None}),
        ([("/p?a", "/p", "x")], {"/p?a": "/p"}),
        # every page of a site calls itself the home page: believed of none
        ([("/", None, None), ("/a", "/", "x"), ("/b", "/", "y")], {"/a": "/a", "/b": "/b"}),
        ([("/a", "/", "x"), ("/b", "/", "y")], {"/a": "/a", "/b": "/b"}),
        # the second page of a list calls itself the first
        ([("/list", None, "x"), ("/list?page=2", "/list", "y")], {"/list?page=2": "/list?page=2"}),
    ],
)
def test_a_canonical_address_is_believed_when_the_pages_tell_the_same(
    given: list[tuple[str, str | None, str | None]], whose: dict[str, str | None]
) -> None:
    for order in itertools.permutations(given):
        assert settle(list(order)) == whose


@pytest.mark.parametrize(("was_same", "whose"), [(True, "/p"), (False, "/p?a")])
def test_what_was_the_same_page_stays_it(was_same: bool, whose: str) -> None:
    """A cache may give the one address today's page and the other one yesterday's."""
    aliases = Aliases()
    aliases.claims(Claim("/p?a", "/p", "new", 1))
    aliases.claims(Claim("/p?b", "/p", "old", None, was_same))
    assert {claim.page: address for claim, address in aliases.settled()} == {"/p?a": whose}


def test_a_page_that_tells_something_of_its_own_is_never_dropped() -> None:
    aliases = Aliases()
    aliases.saw("/p", "old")
    aliases.claims(Claim("/p?a", "/p", "new", 1))
    assert {claim.page: address for claim, address in aliases.settled()} == {"/p?a": "/p?a"}


def test_pages_that_did_not_change_are_read_anew_when_the_rules_change_and_not_for_another_limit() -> None:
    rules = {"start": ["/"], "items": "a", "fields": {"name": "h1"}}

    def digest(**changes: Any) -> str:
        return rules_of(Web.model_validate(rules | changes))

    assert digest(max_pages=5, start=["/other"], user_agent="me", concurrency=1) == digest()
    changes: list[dict[str, Any]] = [
        {"fields": {"name": "h2"}}, {"items": "b"}, {"next": "a"}, {"type": None}, {"contacts": True}, {"each": "li"},
    ]  # fmt: skip
    assert len({digest(), *(digest(**change) for change in changes)}) == len(changes) + 1
