"""One key for the many spellings of one page, and which addresses are on the site."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sources.site.addresses import TRACKING, Site, absolute, key, shape, without_tracking


@pytest.mark.parametrize(
    "spelling",
    [
        "http://acme.example/p?a=1&b=2",
        "http://acme.example/p?b=2&a=1",
        "http://acme.example/p?a=1&b=2#team",
        "HTTP://Acme.Example:80/p?a=1&b=2",
        "http://acme.example/x/../p?a=1&b=2",
        "http://acme.example/%70?a=1&b=2",
        "http://acme.example/p?a=1&utm_source=mail&utm_campaign=x&b=2",
        "http://acme.example/p?gclid=Cj0&a=1&b=2&fbclid=IwAR",
        "http://acme.example/p;jsessionid=0AAB6C8DE415?a=1&b=2&PHPSESSID=abc",
        "http://acme.example/p?a=1&sid=7&b=2",
    ],
)
def test_spellings_of_one_page_have_one_key(spelling: str) -> None:
    assert key(spelling, ["sid"]) == "http://acme.example/p?a=1&b=2"


@pytest.mark.parametrize(
    "other",
    [
        "http://acme.example/p?a=1",
        "http://acme.example/p?a=2&b=1",
        "http://acme.example/P?a=1&b=2",
        "http://acme.example/p/?a=1&b=2",
        "https://acme.example/p?a=1&b=2",
        "http://acme.example:8080/p?a=1&b=2",
        "http://acme.example/p?a=1&b=2&page=2",
    ],
)
def test_other_pages_have_other_keys(other: str) -> None:
    assert key(other) != "http://acme.example/p?a=1&b=2"


@given(st.permutations([f"{name.replace('*', 'x')}=1" for name in TRACKING] + ["b=2", "a=1"]))
def test_what_is_asked_for_keeps_the_order_that_the_site_gave(pairs: list[str]) -> None:
    asked = without_tracking(f"http://acme.example/p?{'&'.join(pairs)}")
    left = [pair for pair in pairs if pair in ("a=1", "b=2")]
    assert asked == f"http://acme.example/p?{'&'.join(left)}"
    assert key(asked) == key(key(asked)) == "http://acme.example/p?a=1&b=2"


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("b", "http://acme.example/a/b"),
        (" /b\n#top ", "http://acme.example/b"),
        ("//other.example", "http://other.example"),
        ("?page=2", "http://acme.example/a/?page=2"),
        ("mailto:ann@acme.example", None),
        ("javascript:void(0)", None),
        ("http://[half", None),
        ("http://acme.example:99999/", None),
        ("data:text/html,hi", None),
    ],
)
def test_links_as_browsers_take_them(link: str, address: str | None) -> None:
    assert absolute("http://acme.example/a/", link) == address


@pytest.mark.parametrize(
    ("address", "is_on_it"),
    [
        ("https://acme.example/x", True),
        ("http://acme.example/", True),
        ("https://acme.example:443/", True),
        ("https://acme.example:8443/", False),
        ("https://www.acme.example/", False),
        ("https://acme.example.evil.example/", False),
        ("https://acme.example@evil.example/", False),
        ("https://shop.example/", True),
        ("https://de.shop.example/", True),
        ("https://bookshop.example/", False),
        ("http://port.example:8080/", True),
        ("http://port.example/", False),
    ],
)
def test_the_site_is_its_host_and_the_domains_that_are_named(address: str, is_on_it: bool) -> None:
    assert Site("https://acme.example/start", ["shop.example", "port.example:8080"]).has(address) is is_on_it


def test_the_pages_of_a_calendar_are_alike() -> None:
    assert shape("http://acme.example/calendar/2031/12?week=7") == shape("http://acme.example/calendar/2032/1?week=53")
    assert shape("http://acme.example/team/ann") != shape("http://acme.example/team/bob")
