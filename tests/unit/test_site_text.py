"""The text of pages whose server or author is wrong about the encoding; what tells whether a page has changed."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from scrapy.http import Response

from include.sources.site.spider import validators
from include.sources.site.text import decode

GERMAN = "Müller & Söhne – Straße der Möbel, schöne Türen für Jäger und größte Öfen"
RUSSIAN = "Общество с ограниченной ответственностью Ромашка, Москва, улица Ленина, директор Иванов"
JAPANESE = "株式会社テスト 東京都千代田区 お問い合わせ 電話番号 山田太郎 営業部"
CHINESE = "北京某某科技有限公司 联系人 李雷 电话 地址 海淀区中关村大街"
ENCODED = [
    (GERMAN, "utf-8"), (GERMAN, "cp1252"), (GERMAN, "utf-16"), (RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"),
    (JAPANESE, "shift_jis"), (JAPANESE, "euc_jp"), (JAPANESE, "utf-8"), (CHINESE, "gb18030"), (CHINESE, "utf-8"),
]  # fmt: skip


def page(text: str, encoding: str, meta: str = "") -> bytes:
    return f"<html><head>{meta}</head><body><p>{text}</p></body></html>".encode(encoding)


@pytest.mark.parametrize(("text", "encoding"), ENCODED)
@pytest.mark.parametrize("declared", ["its own", "utf-8", None])
def test_text_is_read_whatever_is_declared(text: str, encoding: str, declared: str | None) -> None:
    """Python's own codecs wrote the bytes."""
    charset = encoding if declared == "its own" else declared
    found = decode(page(text, encoding), f"text/html; charset={charset}" if charset else "text/html")
    assert text in found.text
    assert not found.is_damaged
    if declared == "its own":
        assert not found.is_mislabelled


def test_utf8_that_calls_itself_something_else_is_utf8() -> None:
    found = decode(page(GERMAN, "utf-8", '<meta charset="iso-8859-1">'), "text/html; charset=iso-8859-1")
    assert GERMAN in found.text
    assert found.is_mislabelled


def test_the_page_itself_may_declare_it() -> None:
    """Seven bits only: nothing but the declaration tells."""
    found = decode(page(JAPANESE, "iso2022_jp", '<meta charset="iso-2022-jp">'), "text/html")
    assert JAPANESE in found.text


def test_a_broken_byte_costs_one_character_and_is_noted() -> None:
    body = page(GERMAN, "utf-8").replace("ß".encode(), b"\xc3", 1)
    found = decode(body, "text/html; charset=utf-8")
    assert GERMAN.replace("ß", "\ufffd", 1) in found.text
    assert found.is_damaged


def test_bytes_that_are_no_text_do_not_stop_it() -> None:
    found = decode(bytes(range(256)) * 100, "text/html; charset=no-such-charset")
    assert "ABC" in found.text


@pytest.mark.parametrize(
    ("headers", "known"),
    [
        ({"ETag": 'W/"x"'}, {"etag": 'W/"x"'}),
        ({"Last-Modified": "Tue, 03 Mar 2020 08:00:00 GMT"}, {"modified": "Tue, 03 Mar 2020 08:00:00 GMT"}),
        ({"Last-Modified": "yesterday"}, {}),
        ({}, {}),
    ],
)
def test_a_page_is_asked_for_with_what_tells_whether_it_changed(headers: dict[str, str], known: dict[str, str]) -> None:
    assert validators(Response("http://acme.example/", headers=headers)) == known


def test_the_date_of_a_page_that_changed_just_now_tells_nothing() -> None:
    """A date is good for whole seconds: RFC 9110, 8.8.2.2."""
    now = format_datetime(datetime.now(UTC), usegmt=True)
    assert validators(Response("http://acme.example/", headers={"Last-Modified": now})) == {}
