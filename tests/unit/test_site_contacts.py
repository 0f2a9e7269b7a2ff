"""Contacts in pages without any rules."""

import time

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat

from include.sources.site.clean import cleaned, emails
from include.sources.site.contacts import contacts

URL = "https://acme.example/contact"


@pytest.mark.parametrize(
    "written",
    [
        "ann.bee@acme.example",
        "ann.bee [at] acme.example",
        "ann.bee(at)acme.example",
        "ann.bee {at} acme {dot} example",
        "ann.bee at acme dot example",
        "ann dot bee at acme dot example",
        "ann.bee [AT] acme [DOT] example",
        "ann.bee＠acme.example",
        "邮箱ann.bee@acme.example请联系",
        "<ann.bee@acme.example>,",
        "'ann.bee@acme.example'",
    ],
)
def test_an_address_is_found_however_it_is_disguised(written: str) -> None:
    assert emails(f"Write to {written} today.") == ["ann.bee@acme.example"]


@pytest.mark.parametrize(
    "text",
    ["logo@2x.png", "Look at acme.example", "we meet at noon", "user@localhost", "a@b", "@acme on the network", "@"],
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert emails(text) == []


def test_several_addresses_come_in_order_and_once() -> None:
    assert emails("b@x.example a@x.example B@X.EXAMPLE o'brien@x.co.example info@müller.example") == [
        "b@x.example",
        "a@x.example",
        "o'brien@x.co.example",
        "info@müller.example",
    ]


@pytest.mark.parametrize("piece", ["a", "a.", "a@", "a at ", "a dot ", "a at b dot ", "a(at)", "[ ", " ", "\n", "©"])
def test_no_text_makes_the_search_slow(piece: str) -> None:
    """Not a speed: what is quadratic takes minutes."""
    started = time.monotonic()
    emails(piece * 50_000)
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="mailto:ann@acme.example?subject=Hello">write</a>',
        '<a href="MAILTO:ann%40acme.example">write</a>',
        "<a href='&#109;&#97;&#105;&#108;&#116;&#111;&#58;ann&#64;acme&#46;example'>write</a>",
        "<p>ann<b>@</b>acme.example</p>",
        "<p>ann<!-- no robots -->@acme.example</p>",
        "<p>ann<span style='display: none'>nospam</span>@acme.example</p>",
        "<p>ann&#64;acme&#46;example</p>",
        "<p>ann&nbsp;[at]&nbsp;acme.example</p>",
        "<p style='unicode-bidi: bidi-override; direction: rtl'>elpmaxe.emca@nna</p>",
        # the first byte, here 2a, is what the others are XORed with: a ^ 2a = 4b
        '<a href="/cdn-cgi/l/email-protection" data-cfemail="2a4b44446a4b49474f044f524b475a464f">[protected]</a>',
        '<a href="/cdn-cgi/l/email-protection#2a4b44446a4b49474f044f524b475a464f">write</a>',
    ],
)
def test_an_address_is_found_whatever_the_markup_does(markup: str) -> None:
    assert contacts(f"<body>{markup}</body>", URL)["emails"] == ["ann@acme.example"]


@pytest.mark.parametrize("region", ["GB", "DE", "US", "FR", "CN", "JP", "IN", "BR", "AU"])
def test_the_example_number_of_a_country_is_found(region: str) -> None:
    """The numbers are those that Google's library has as each country's examples."""
    number = phonenumbers.example_number(region)
    assert number
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    international = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    found = contacts(f"<p>Tel: {national}</p><p>Fax: {international}</p>", URL, region)
    assert found["phones"] == [e164], "the fax is none, it is the same number"
    assert contacts(f"<p>Call {international}.</p>", URL)["phone"] == e164
    assert contacts(f"<p>Call {national}</p>", URL).get("phone") in (None, e164), "without a region: only if it says so"
    linked = phonenumbers.format_number(number, PhoneNumberFormat.RFC3966)
    assert contacts(f'<a href="{linked}">call</a>', URL)["phones"] == [e164]


def test_a_fax_is_no_telephone() -> None:
    found = contacts("<p>Telephone +44 20 7183 8750</p><p>Fax: +44 20 7183 8751</p>", URL)
    assert found["phones"] == ["+442071838750"]


def test_the_rest_of_a_contact_page() -> None:
    page = """<html><head><title>Contact | Gear Ltd</title></head><body>
    <script>var mail = "tracker@script.example"</script><h1>Ann
     Bee</h1>
    <address>Gear Ltd<br>1 High Street<br>London SW1A 1AA<br>Tel: 020 7183 8750<br>ann@gear.example</address>
    <a href="https://www.linkedin.com/company/gear/?trk=footer">LinkedIn</a>
    <a href="//twitter.com/gear">Twitter</a> <a href="https://twitter.com/intent/tweet?text=x">share</a>
    <a href="https://www.facebook.com/sharer/sharer.php?u=x">share</a>
    <a href="https://github.com/gear/tools/issues/1">an issue</a>
    <footer>Copyright © 2009–2026 by Gear Holdings GmbH &amp; Co. KG. All rights reserved.</footer></body></html>"""
    assert contacts(page, URL, "GB") == {
        "name": "Ann Bee",
        "organisation": "Gear Holdings GmbH & Co. KG",
        "email": "ann@gear.example",
        "emails": ["ann@gear.example"],
        "phone": "+442071838750",
        "phones": ["+442071838750"],
        "address": "Gear Ltd, 1 High Street, London SW1A 1AA",
        "social": ["https://www.linkedin.com/company/gear", "https://twitter.com/gear"],
    }


def test_a_page_that_tells_nobody_how_to_reach_them_tells_nothing() -> None:
    assert contacts("<title>News | Gear</title><h1>News</h1><p>It rained on 12.11.2026.</p>", URL, "GB") == {}


@pytest.mark.parametrize("html", ["", " ", "<", "<html", "<!-- ", "<div>" * 5_000, "\x00", "<p hidden><p style=>"])
def test_broken_markup_is_no_error(html: str) -> None:
    assert contacts(html, URL) == {}


@pytest.mark.parametrize(
    ("steps", "text", "result"),
    [
        (["text"], "  a \n\t b ", "a b"),
        (["text"], "a\u00a0b\u2003c", "a\u00a0b\u2003c"),
        (["link"], "mailto:ann%2Bx@acme.example?subject=x", "ann+x@acme.example"),
        (["email"], "E-mail: ann [at] acme.example", "ann@acme.example"),
        (["email"], "none", ""),
        (["phone"], "Tel. 020 7183 8750", "+442071838750"),
        (["url"], " ../team ", "https://acme.example/team"),
        (["digits"], "about 1,200 people", "1200"),
        (["after_colon", "lower"], "City: LEEDS", "leeds"),
        (["upper"], "straße", "STRASSE"),
        ([], " as it is ", " as it is "),
    ],
)
def test_cleaning_steps(steps: list[str], text: str, result: str) -> None:
    assert cleaned(text, steps, "https://acme.example/a/b", "GB") == result
