"""Cleaning what was found in a page: the steps that a field's ``clean`` names."""

import re
from collections.abc import Callable, Iterable
from urllib.parse import unquote, urljoin

import phonenumbers

# What HTML takes for white space, and no more: other spaces are text.
_SPACES = re.compile(r"[ \t\n\f\r]+")
_LINK = re.compile(r"\s*(mailto|tel|sms|callto):", re.IGNORECASE)

_LOCAL = r"[A-Za-z0-9_][A-Za-z0-9_%+'-]{0,63}"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_BRACKETED_AT = r"\s*[\[({<]\s*(?:at|@|ät|arroba)\s*[\])}>]\s*"
_BRACKETED_DOT = r"\s*[\[({<]\s*(?:dot|\.|punkt|punto|point)\s*[\])}>]\s*"
_DOT = rf"(?:\.|{_BRACKETED_DOT}|\s+dot\s+)"
_TOP = r"(?:[A-Za-z]{2,24}|xn--[a-z0-9-]{2,59})(?![A-Za-z0-9_@-])"
# ann@acme.example, "ann [at] acme.example", "ann (at) acme (dot) example", "ann at acme dot example"
_EMAIL = re.compile(
    rf"(?<![A-Za-z0-9_.%+-])(?P<local>{_LOCAL}(?:{_DOT}{_LOCAL}){{0,5}})"
    rf"(?:(?P<at>[@＠]|{_BRACKETED_AT})(?P<host>(?:{_LABEL}{_DOT}){{1,8}}{_TOP})"
    rf"|\s+at\s+(?P<spelled>{_LABEL}(?:{_DOT}{_LABEL}){{0,7}}(?:\s+dot\s+|{_BRACKETED_DOT}){_TOP}))",
    re.IGNORECASE,
)
_DOTS = re.compile(rf"{_BRACKETED_DOT}|\s+dot\s+", re.IGNORECASE)
_FILES = ("png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js")


def collapsed(text: str) -> str:
    """As a browser shows it: runs of HTML's white space are one space, none at the ends."""
    return _SPACES.sub(" ", text).strip(" ")


def link(text: str) -> str:
    """Of a ``mailto:`` or ``tel:`` link its address alone; other text as it is."""
    scheme = _LINK.match(text)
    return unquote(text[scheme.end() :].partition("?")[0]).strip() if scheme else text


def emails(text: str) -> list[str]:
    """Every e-mail address in a text, in order, each once, with the common disguises taken off."""
    found: dict[str, str] = {}
    for match in _EMAIL.finditer(text):
        local = _DOTS.sub(".", match["local"]).rstrip("'")
        host = _DOTS.sub(".", match["host"] or match["spelled"])
        if host.rpartition(".")[2].lower() not in _FILES:  # logo@2x.png
            found.setdefault(f"{local}@{host}".lower(), f"{local}@{host.lower()}")
    return list(found.values())


def phone(text: str, region: str | None) -> str | None:
    """The first telephone number in a text as E.164 (``+442071838750``), or None.

    :param region: the country of numbers without a country code, such as ``GB``.
    """
    match = next(iter(phonenumbers.PhoneNumberMatcher(text, region)), None)
    return phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164) if match else None


def cleaned(text: str, steps: Iterable[str], url: str, region: str | None) -> str:
    """A text after the steps; empty when nothing is left of it.

    :param url: the page's address, for relative links.
    """
    for step in steps:
        text = _STEPS[step](text, url, region) or ""
    return text


_STEPS: dict[str, Callable[[str, str, str | None], str | None]] = {
    "text": lambda text, url, region: collapsed(text),
    "link": lambda text, url, region: link(text),
    "email": lambda text, url, region: next(iter(emails(text)), None),
    "phone": lambda text, url, region: phone(text, region),
    "url": lambda text, url, region: urljoin(url, text.strip()),
    "digits": lambda text, url, region: "".join(c for c in text if c.isdecimal()),
    "lower": lambda text, url, region: text.lower(),
    "upper": lambda text, url, region: text.upper(),
    "after_colon": lambda text, url, region: re.split("[:：]", text, maxsplit=1)[-1].strip(),
}
