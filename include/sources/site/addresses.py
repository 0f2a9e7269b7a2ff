"""Addresses of pages: one key for the many spellings of one page, and which of them are on the site."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from urllib.parse import urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

LONGEST_ADDRESS = 2_000

# Say where a visitor came from, or who the visitor is: never what the page is. Of Google, Meta, Microsoft, Yandex,
# TikTok, X, LinkedIn, Mailchimp, HubSpot, Marketo, Adobe, Olytics, Vero; and the session ids of PHP, Java and ASP.
TRACKING = (
    "utm_*", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "_ga", "_gl", "srsltid", "fbclid", "igsh", "igshid",
    "msclkid", "yclid", "ysclid", "ttclid", "twclid", "li_fat_id", "mc_cid", "mc_eid", "_hsenc", "_hsmi",
    "__hssc", "__hstc", "__hsfp", "hsctatracking", "mkt_tok", "s_cid", "oly_anon_id", "oly_enc_id", "vero_id",
    "phpsessid", "jsessionid", "aspsessionid*",
)  # fmt: skip
_SESSION_IN_PATH = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_NUMBER = re.compile(r"\d+")


def absolute(base: str, link: str) -> str | None:
    """The absolute address of a link, without its fragment; None when it leads to no page (``mailto:``, broken)."""
    try:
        parts = urlsplit(urljoin(base, "".join(link.split("\n")).strip()))
        if parts.scheme in _DEFAULT_PORTS and parts.hostname and parts.port != 0:
            return urlunsplit(parts._replace(fragment=""))
    except ValueError:  # http://[, a port of six digits
        pass
    return None


def without_tracking(address: str, more: Iterable[str] = ()) -> str:
    """The address without tracking parameters, and without those named in ``more``; the others keep their order."""
    parts = urlsplit(address)
    ignored = (*TRACKING, *(name.lower() for name in more))
    query = "&".join(
        pair
        for pair in parts.query.split("&")
        if pair and not any(fnmatchcase(pair.partition("=")[0].lower(), name) for name in ignored)
    )
    return urlunsplit(parts._replace(path=_SESSION_IN_PATH.sub("", parts.path), query=query))


def key(address: str, more: Iterable[str] = ()) -> str:
    """The one spelling that stands for all of an address: no fragment, no tracking, parameters sorted, escapes alike.

    >>> key("http://Acme.example:80/a?b=2&a=1&utm_source=mail#top")
    'http://acme.example/a?a=1&b=2'
    """
    parts = urlsplit(canonicalize_url(without_tracking(address, more)))
    if parts.port == _DEFAULT_PORTS.get(parts.scheme):
        parts = parts._replace(netloc=parts.netloc.rpartition(":")[0])
    return urlunsplit(parts)


def shape(address: str) -> str:
    """What addresses of one kind have in common: its numbers are 0 (``/calendar/2031/12`` is ``/calendar/0/0``)."""
    return _NUMBER.sub("0", address)


class Site:
    """Which addresses belong to the site: the host of its base address, and ``domains`` with all that is below them.

    A domain may name a port (``acme.example:8080``); without one it stands for the ports of http and https.
    """

    def __init__(self, base_url: str, domains: Iterable[str] = ()) -> None:
        base = urlsplit(base_url)
        self._host, self._ports = (base.hostname or "").lower(), _ports(base.scheme, base.port)
        self._domains = [(name.lower(), _ports("https", int(port) if port else None)) for name, port in _split(domains)]

    def has(self, address: str) -> bool:
        """Whether an absolute address is on the site."""
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme]
        if host == self._host and port in self._ports:
            return True
        return any((host == name or host.endswith(f".{name}")) and port in ports for name, ports in self._domains)


def _ports(scheme: str, port: int | None) -> tuple[int, ...]:
    return (port,) if port and port != _DEFAULT_PORTS.get(scheme) else tuple(_DEFAULT_PORTS.values())


def _split(domains: Iterable[str]) -> Iterable[tuple[str, str]]:
    for domain in domains:
        name, _, port = domain.partition(":")
        yield name, port
