"""What a customer wrote themselves: markup, quoted mail, greeting and signature taken off; and its form for the model.

Every pattern looks at one line of limited length, so that no message takes long, however it is made.
"""

import re
import unicodedata

from bs4 import BeautifulSoup

from include.customers.cleaning.text import tidy

# A message is understood by how it starts.
LONGEST = 20_000
LONGEST_LINE = 1_000
# What follows a closing is a signature only while it is as short as one.
SIGNATURE_LINES, SIGNATURE_WIDTH = 8, 100

_MARKUP = re.compile(
    r"<(?:!doctype|html|head|body|div|p|br|span|table|ul|ol|a|b|i|font|blockquote)\b[^<>]{0,500}>", re.I
)
_BLOCKS = ("p", "div", "br", "tr", "li", "table", "blockquote", "h1", "h2", "h3")
_QUOTES = ("blockquote", ".gmail_quote", ".gmail_extra", ".yahoo_quoted", "#divRplyFwdMsg", "#appendonsend")

_QUOTE = re.compile(
    r"""
    (?:on|am|le|el|den|op|il)\s.{6,200}\s(?:wrote|schrieb|a\s[eé]crit|escribi[oó]|skrev|schreef|ha\sscritto)\b.{0,80}:
    | .{0,200}(?:写道|寫道)\s*[:：]
    | [-_=\s]{2,20}(?:(?:original|forwarded)\smessage|urspr.ngliche\snachricht|(?:原始|转发的?)邮件).{0,40}
    | _{10,}
    """,
    re.I | re.X,
)
_HEADER = re.compile(r"\W{0,3}(?:from|von|de|från|发件人|寄件者)\s*[:：]\s*\S.{0,300}", re.I)
_NEXT_HEADER = re.compile(
    r"\W{0,3}(?:sent|gesendet|date|datum|envoy[eé]|skickat|to|an|发送时间|时间|日期|收件人)\s*[:：]", re.I
)
_ON = re.compile(r"(?:on|am|le|el|den)\s.{6,200}", re.I)
_SENT_FROM = re.compile(r"(?:sent from my|get outlook for|gesendet von|发自我的|从我的).{0,60}", re.I)
_CLOSING = re.compile(
    r"(?:(?:with )?(?:(?:best|kind|kindest|warm|many|yours) ?)?(?:regards|wishes|thanks|sincerely|truly|faithfully)"
    r"|(?:with )?(?:best|cheers|br|thank you|thanks in advance|thank you in advance|rgds|thx)"
    r"|谢谢(?:您|你)?|多谢|感谢|此致|敬礼|此致敬礼|祝好|祝商祺|顺颂商祺)[\s,.!,。!~]*",
    re.I,
)
_GREETING = re.compile(
    r"(?:(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|to whom it may concern)\b[^,.!?:\n]{0,40}[,.!:]|"
    r"(?:客服|各位)?(?:您|你|大家)好[啊呀]?[,,。!!::\s]|尊敬的.{0,20}[::,,])\s*",
    re.I,
)
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_LINK = re.compile(r"(?:https?://|www\.)\S{1,500}", re.I)
# an order's number, a serial number: which one it is says nothing of what is asked
_NUMBER = re.compile(r"\b(?:[a-z]{1,4}[-_ ]?)?\d[\d-]{4,40}\b")
_DIGITS = re.compile(r"\d+")
_REPLY_MARK = re.compile(r"(?:(?:re|fw|fwd|aw|wg|sv|tr|回复|答复|转发)\s*[:：]\s*)+", re.I)


def message_text(body: str | None, subject: str | None = None) -> str:
    """What the customer wrote, on one line, the subject first: without markup, earlier mail, greeting and signature.

    Where nothing of the body would be left, all of it is: a message may be no more than a greeting.
    """
    about = _REPLY_MARK.sub("", tidy((subject or "")[:LONGEST_LINE]), count=1).strip()
    return ". ".join(part for part in (about, _body_text(body or "")) if part)


def _body_text(body: str) -> str:
    text = body[:LONGEST]
    if _MARKUP.search(text):
        text = _without_markup(text)
    lines = [line.strip()[:LONGEST_LINE] for line in unicodedata.normalize("NFC", text).splitlines()]
    own = _without_signature([line for line in _before_quote(lines) if not line.startswith(">")])
    said = tidy(" ".join(own))
    if greeting := _GREETING.match(said):
        said = said[greeting.end() :]
    return said or tidy(" ".join(lines))


def normal_form(text: str) -> str:
    """The form that texts are compared in: small letters; every number, address and link as any other."""
    text = unicodedata.normalize("NFKC", text).casefold()
    for pattern, word in ((_ADDRESS, " mailbox "), (_LINK, " link "), (_NUMBER, " number "), (_DIGITS, "0")):
        text = pattern.sub(word, text)
    return " ".join(text.split())


def _without_markup(text: str) -> str:
    page = BeautifulSoup(text, "lxml")
    for quote in page.select(", ".join(("script", "style", "head", *_QUOTES))):
        quote.decompose()
    for block in page.find_all(_BLOCKS):
        block.insert_before("\n")
        block.append("\n")
    return page.get_text()


def _before_quote(lines: list[str]) -> list[str]:
    for place, line in enumerate(lines):
        following = lines[place + 1] if place + 1 < len(lines) else ""
        is_quote = _QUOTE.fullmatch(line) or (_HEADER.fullmatch(line) and _NEXT_HEADER.match(following))
        # "On Monday … Ann Lee" and "wrote:" on the next line
        if is_quote or (_ON.fullmatch(line) and _QUOTE.fullmatch(f"{line} {following}")):
            # a message that starts with a quote has its answer below it
            return lines[:place] if any(lines[:place]) else lines[place + 1 :]
    return lines


def _without_signature(lines: list[str]) -> list[str]:
    for place, line in enumerate(lines):
        after = [one for one in lines[place + 1 :] if one]
        is_short = len(after) <= SIGNATURE_LINES and all(len(one) <= SIGNATURE_WIDTH for one in after)
        if line == "--" or _SENT_FROM.fullmatch(line) or (_CLOSING.fullmatch(line) and is_short):
            return lines[:place] if any(lines[:place]) else lines
    return lines
