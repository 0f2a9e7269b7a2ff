"""Web addresses to the domain that somebody registered."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

import idna

from include.customers.cleaning.emails import SUFFIXES
from include.customers.cleaning.text import EMPTY, Cleaned, Steps, tidy

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/*(?=[^/])|//")
_MAILBOX = re.compile(r"[^@/]+@([^\s<>@/?]+)>?(?:\?.*)?")
_LABEL = r"(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")
# where many have a page of their own, so that the address tells nothing about whose it is
_SHARED_DOMAINS = (
    "facebook.com fb.com instagram.com linkedin.com twitter.com x.com youtube.com youtu.be tiktok.com threads.net "
    "github.com pinterest.com weibo.com vk.com t.me wa.me xing.com google.com goo.gl bit.ly linktr.ee wixsite.com "
    "wordpress.com blogspot.com etsy.com ebay.com ebay.de amazon.com yelp.com"
)
_SHARED = frozenset(_SHARED_DOMAINS.split())


def clean_website(text: str | None) -> Cleaned:
    """The registrable domain of a web or e-mail address, in ASCII (IDNA): ``https://www.acme.co.uk/x`` is acme.co.uk.

    By the public suffix list, its private part included, so that ``ann.github.io`` is its owner's. An end that the
    list does not know counts as one (``acme.example``). Code: ``to_domain``.
    """
    steps = Steps(text or "")
    steps.to(tidy(text), "trimmed")
    if not steps.value:
        return EMPTY
    domain = registrable_domain(_host(steps.value))
    if domain is None:
        return steps.invalid
    steps.became(domain, "to_domain")
    return steps.cleaned()


@lru_cache(maxsize=100_000)
def registrable_domain(host: str | None) -> str | None:
    """The domain under the public suffix of a host's name, ASCII, lower case; None when there is none."""
    if not host or len(host) > 253:
        return None
    host = host.lower().rstrip(".")
    if not _PLAIN.fullmatch(host):
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
        if not host or len(host) > 253:
            return None
    if host.rpartition(".")[2].isdigit():  # an IP address
        return None
    return SUFFIXES.privatesuffix(host)


def is_shared_domain(domain: str) -> bool:
    """Whether many have their page there (linkedin.com), so that the domain is no company's own."""
    return domain in _SHARED


def _host(text: str) -> str | None:
    if mailbox := _MAILBOX.fullmatch(text):
        return mailbox[1]
    first = re.split(r"[\s,;]", text, maxsplit=1)[0]
    try:
        return urlsplit(f"//{_SCHEME.sub('', first, count=1) if _SCHEME.match(first) else first}").hostname
    except ValueError:
        return None
