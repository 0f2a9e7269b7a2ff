"""The text of a page, whatever its server says of the encoding."""

from dataclasses import dataclass

from charset_normalizer import from_bytes
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom, resolve_encoding

_LOOKED_AT_BYTES = 200_000
# Their text is all ASCII bytes, so ASCII does not speak against them.
_SEVEN_BITS = ("iso2022", "utf-7", "hz")


@dataclass(frozen=True)
class Decoded:
    """A page's text; ``is_mislabelled``: not in the encoding that it declares; ``is_damaged``: some bytes are lost."""

    text: str
    encoding: str
    is_mislabelled: bool = False
    is_damaged: bool = False


def decode(body: bytes, content_type: str | None) -> Decoded:
    """The text of a page of bytes.

    A byte order mark decides. Else bytes that are valid UTF-8 are UTF-8, whatever is declared: text in another
    encoding hardly ever is by chance. Else what the header or the page declares, if the bytes fit; else what they look
    like; else the declared encoding with U+FFFD for what does not fit.

    :param content_type: the header, which may name a charset.
    """
    marked, mark = read_bom(body)
    if marked and mark:
        text, is_damaged = _replaced(body[len(mark) :], marked)
        return Decoded(text, marked, is_damaged=is_damaged)
    header = http_content_type_encoding(content_type) if content_type else None
    declared = header or html_body_declared_encoding(body)
    if declared and declared.startswith(_SEVEN_BITS):
        text, is_damaged = _replaced(body, declared)
        return Decoded(text, declared, is_damaged=is_damaged)
    if body.isascii():
        return Decoded(body.decode("ascii"), declared or "ascii")
    mislabelled = declared not in (None, "utf-8")
    text, is_damaged = _replaced(body, "utf-8")
    if not is_damaged or _is_mostly_utf8(text):
        return Decoded(text, "utf-8", mislabelled, is_damaged)
    if declared and declared != "utf-8":
        try:
            return Decoded(body.decode(declared), declared)
        except UnicodeDecodeError:
            pass
    guess = from_bytes(body[:_LOOKED_AT_BYTES]).best()
    encoding = (resolve_encoding(guess.encoding) if guess else None) or declared or "cp1252"
    text, is_damaged = _replaced(body, encoding)
    return Decoded(text, encoding, declared is not None and encoding != declared, is_damaged)


def _replaced(body: bytes, encoding: str) -> tuple[str, bool]:
    try:
        return body.decode(encoding), False
    except UnicodeDecodeError:
        return body.decode(encoding, "replace"), True


def _is_mostly_utf8(text: str) -> bool:
    """UTF-8 with a few bytes broken, and not text of another encoding, where hardly a sequence fits."""
    broken = text.count("\ufffd")
    return sum(character > "\x7f" for character in text) - broken > broken
