"""The contacts that a page tells without any rules: e-mails, telephones, address, social links, whose they are."""

import re
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import phonenumbers
from bs4 import BeautifulSoup, NavigableString, Tag

from include.sources.site.clean import collapsed, emails, link

# What is looked through for telephone numbers, in characters: the search is slow, and contacts stand on short pages.
LONGEST_TEXT = 200_000
_LONGEST_NAME = 120
_LONGEST_ADDRESS = 300

_UNSEEN = ["script", "style", "noscript", "template", "svg", "head"]
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BACKWARDS = re.compile(r"unicode-bidi\s*:\s*bidi-override", re.IGNORECASE)
_BLOCKS = {
    "address", "article", "aside", "blockquote", "br", "button", "dd", "div", "dl", "dt", "fieldset", "figcaption",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "option", "p",
    "pre", "section", "table", "td", "th", "tr", "ul",
}  # fmt: skip
_FAX = re.compile(r"(fax|telefax|télécopie|téléfax|传真|傳真|ファックス)[^\n\d+(]{0,20}$", re.IGNORECASE)
_ADDRESS_LABEL = re.compile(
    r"^\W*(?:postal |street |our |office |head ?office )?"
    r"(?:address|adresse|anschrift|direcci[oó]n|indirizzo|endereço|adres|地址|住所)\s*[:：]\s*(.+)",
    re.IGNORECASE | re.MULTILINE,
)
_LABELLED = re.compile(
    r"^\W*(?:tel|phone|telefon|fax|e-?mail|mobile|mobil|web|www|https?|电话|邮箱)\b.*", re.IGNORECASE
)
_TITLE_PARTS = re.compile(r"\s+[|–—·•»:-]\s+")
_COPYRIGHT = re.compile(r"^.*(?:©|\bcopyright\b|\(c\)\s*\d{4}).*$", re.IGNORECASE | re.MULTILINE)
_NOT_THE_OWNER = re.compile(
    r"©|\(c\)|\bcopyright\b|\b\d{4}(?:\s*[-–]\s*(?:\d{4}|present|today))?|\bby\b|\ball rights.*", re.IGNORECASE
)
_AFTER_THE_OWNER = re.compile(
    r",\s+(?!(?:Inc|Ltd|LLC|LLP|Corp|GmbH|S\.A|B\.V)\b)|\s[|·•–-]\s|\.\s+(?!KG)", re.IGNORECASE
)
_PROFILE = r"/[^/]+"
# the paths of people and companies; what is deeper is one of their posts
_NETWORKS = {
    "linkedin.com": r"/(?:company|in|school|showcase)/[^/]+",
    "xing.com": r"/(?:pages|profile|companies)/[^/]+",
    "facebook.com": r"/(?:(?:pages|people)/[^/]+/\d+|[^/]+)",
    "instagram.com": _PROFILE,
    "x.com": _PROFILE,
    "twitter.com": _PROFILE,
    "youtube.com": r"/(?:(?:channel|c|user)/[^/]+|@[^/]+)",
    "tiktok.com": r"/@[^/]+",
    "threads.net": r"/@[^/]+",
    "github.com": _PROFILE,
    "bsky.app": r"/profile/[^/]+",
    "pinterest.com": _PROFILE,
    "weibo.com": r"/(?:u/)?[^/]+",
    "vk.com": _PROFILE,
    "t.me": _PROFILE,
    "wa.me": _PROFILE,
}
# buttons that share the page, and pages of the network's own
_NOT_A_PROFILE = {
    "share", "sharer", "sharer.php", "share.php", "intent", "dialog", "plugins", "home", "hashtag", "search", "login",
    "signup", "about", "privacy", "policies", "legal", "watch", "embed", "feed", "tr",
}  # fmt: skip


def contacts(html: str, url: str, region: str | None = None) -> dict[str, Any]:
    """What a page, or a part of one, tells: ``name``, ``organisation``, ``email``, ``emails``, ``phone``, ``phones``
    (E.164), ``address``, ``social`` (links). What is not there has no key.

    ``name`` and ``organisation`` are only told when there is a way to reach them: every page has a heading.

    :param region: the country of telephone numbers without a country code, such as ``GB``.
    """
    soup = BeautifulSoup(html, "lxml")
    head = _head(soup)
    _take_out_the_unseen(soup)
    # of a Cloudflare link the disguise is an attribute, which text knows nothing of
    from_links = [*_linked_emails(soup), *_unscrambled(soup)]
    text = _text(soup)[:LONGEST_TEXT]
    found: dict[str, Any] = {
        "emails": _each_once([*from_links, *emails(text)], str.lower),
        "phones": _each_once([*_linked_phones(soup, region), *_phones(text, region)]),
        "address": _address(soup, text),
        "social": _social(soup, url),
    }
    if not any(found.values()):
        return {}
    found["email"] = next(iter(found["emails"]), None)
    found["phone"] = next(iter(found["phones"]), None)
    heading = soup.find("h1")
    name = _line(heading.get_text()) if heading else ""
    parts = [part for part in _TITLE_PARTS.split(head["title"]) if part]
    found["name"] = name or (parts[0] if parts else "")
    found["organisation"] = head["site"] or _owner(text) or (parts[-1] if len(parts) > 1 else "")
    return {name: value for name, value in found.items() if value}


def _head(soup: BeautifulSoup) -> dict[str, str]:
    title = soup.find("title")
    site = soup.find("meta", property="og:site_name") or soup.find("meta", attrs={"name": "application-name"})
    return {
        "title": collapsed(title.get_text()) if title else "",
        "site": _line(str(site.get("content", ""))) if isinstance(site, Tag) else "",
    }


def _owner(text: str) -> str:
    """Whose the copyright is, of the last line that says so: the footer's."""
    lines = _COPYRIGHT.findall(text)
    if not lines:
        return ""
    rest = collapsed(_NOT_THE_OWNER.sub(" ", lines[-1])).strip(" ,.;:|-–")
    return _line(_AFTER_THE_OWNER.split(rest)[0].strip(" ,;:|-–"))


def _take_out_the_unseen(soup: BeautifulSoup) -> None:
    """What a browser does not show; text that is written backwards is turned round, as a browser shows it."""
    for tag in soup.find_all(_UNSEEN):
        tag.decompose()
    for tag in soup.find_all(style=True):
        if tag.decomposed:
            continue
        style = str(tag["style"])
        if _HIDDEN.search(style):
            tag.decompose()
        elif _BACKWARDS.search(style) and "rtl" in style.lower():
            tag.string = tag.get_text()[::-1]
    for tag in soup.find_all(hidden=True):
        if not tag.decomposed:
            tag.decompose()


def _text(part: Tag) -> str:
    """The text in a part of a page, blocks on lines of their own; in one pass, however deep a page is nested."""
    blocks = {id(part): id(part)}
    pieces: list[str] = []
    last = id(part)
    for node in part.descendants:
        block = blocks[id(node.parent)]
        if isinstance(node, Tag):
            blocks[id(node)] = id(node) if node.name in _BLOCKS else block
            if node.name == "br":
                pieces.append("\n")
        elif type(node) is NavigableString:  # and no comment
            if block != last:
                pieces.append("\n")
            pieces.append(node)
            last = block
    return "".join(pieces)


def _linked_emails(soup: BeautifulSoup) -> list[str]:
    found = []
    for tag in soup.find_all("a", href=re.compile(r"^\s*mailto:", re.IGNORECASE)):
        # several addresses, and %40 in place of @
        found += emails(unquote(str(tag["href"]).partition(":")[2].partition("?")[0]).replace(";", ","))
    return found


def _unscrambled(soup: BeautifulSoup) -> list[str]:
    """Cloudflare's disguise: the first byte, of hexadecimal digits, is the key that the others are masked with."""
    coded = [str(tag["data-cfemail"]) for tag in soup.select("[data-cfemail]")]
    for tag in soup.find_all("a", href=re.compile("/cdn-cgi/l/email-protection#")):
        coded.append(str(tag["href"]).partition("#")[2])
    found = []
    for code in coded:
        try:
            mask, *rest = bytes.fromhex(code)
        except ValueError:
            continue
        found += emails(bytes(byte ^ mask for byte in rest).decode("utf-8", "replace"))
    return found


def _linked_phones(soup: BeautifulSoup, region: str | None) -> list[str]:
    found = []
    for tag in soup.find_all("a", href=re.compile(r"^\s*(tel|callto):", re.IGNORECASE)):
        if _FAX.search(_before(tag)):
            continue
        number = link(str(tag["href"]))
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(parsed):
            found.append(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    return found


def _before(tag: Tag) -> str:
    before = tag.find_previous(string=True)
    return str(before).rstrip("\n") if before else ""


def _phones(text: str, region: str | None) -> list[str]:
    return [
        phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        for match in phonenumbers.PhoneNumberMatcher(text, region)
        if not _FAX.search(text[max(0, match.start - 40) : match.start])
    ]


def _address(soup: BeautifulSoup, text: str) -> str:
    marked = [*soup.find_all("address"), *soup.select("[itemprop=address], .adr, .address")]
    for tag in marked:
        lines = [_line(line, _LONGEST_ADDRESS) for line in _text(tag).split("\n")]
        kept = [line for line in lines if line and not emails(line) and not _LABELLED.match(line)]
        if (address := ", ".join(line.strip(",") for line in kept)) and any(c.isdigit() for c in address):
            return address[:_LONGEST_ADDRESS]
    labelled = _ADDRESS_LABEL.search(text)
    return _line(labelled[1], _LONGEST_ADDRESS) if labelled else ""


def _social(soup: BeautifulSoup, url: str) -> list[str]:
    found = []
    for tag in soup.find_all("a", href=True):
        try:
            parts = urlsplit(urljoin(url, str(tag["href"]).strip()))
            host = (parts.hostname or "").removeprefix("www.")
        except ValueError:
            continue
        path = parts.path.rstrip("/")
        network = next((name for name in _NETWORKS if host == name or host.endswith(f".{name}")), None)
        if not network or not re.fullmatch(_NETWORKS[network], path) or path[1:].lower() in _NOT_A_PROFILE:
            continue
        found.append(f"https://{parts.netloc}{path}" + (f"?{parts.query}" if path == "/profile.php" else ""))
    return _each_once(found, str.lower)


def _line(text: str, longest: int = _LONGEST_NAME) -> str:
    """A text as one line, when it is short enough to be a name."""
    line = collapsed(text)
    return line if len(line) <= longest else ""


def _each_once(values: list[str], key: Any = str) -> list[str]:
    return list({key(value): value for value in reversed(values)}.values())[::-1]
