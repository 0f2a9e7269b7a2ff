"""Amounts of money: a decimal and an ISO 4217 code."""

import re
import unicodedata
from decimal import Decimal
from functools import cache
from typing import NamedTuple

import pycountry

from include.customers.cleaning.text import tidy


class CleanMoney(NamedTuple):
    """`amount` and `currency` (ISO 4217) are None where the text does not say; `code` as for `Cleaned`."""

    amount: Decimal | None
    currency: str | None
    code: str


_LONGEST = 60
_SYMBOLS = {
    "us$": "USD", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "円": "JPY", "元": "CNY", "rmb": "CNY",
    "人民币": "CNY", "₹": "INR", "₽": "RUB", "₩": "KRW", "원": "KRW", "₺": "TRY", "₴": "UAH", "₫": "VND", "₪": "ILS",
    "฿": "THB",
    "zł": "PLN", "kč": "CZK", "ft": "HUF", "r$": "BRL", "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD",
    "nz$": "NZD", "hk$": "HKD", "nt$": "TWD", "s$": "SGD", "mx$": "MXN", "cn¥": "CNY", "jp¥": "JPY", "sfr": "CHF",
    "fr.": "CHF", "kr": None, "kr.": None, "euro": "EUR", "euros": "EUR", "dollars": "USD", "rs": "INR", "rs.": "INR",
}  # fmt: skip
_SHARED_SYMBOLS = {
    "$": {"USD", "AUD", "CAD", "NZD", "HKD", "TWD", "SGD", "MXN", "ARS", "CLP", "COP", "BBD", "BSD", "FJD", "JMD"},
    "¥": {"JPY", "CNY"},
    "£": {"GBP", "EGP", "GIP", "FKP", "SHP", "LBP", "SYP"},
    "kr": {"SEK", "NOK", "DKK", "ISK"},
    "kr.": {"SEK", "NOK", "DKK", "ISK"},
    "₩": {"KRW", "KPW"},
    "rs": {"INR", "PKR", "LKR", "NPR", "MUR"},
    "rs.": {"INR", "PKR", "LKR", "NPR", "MUR"},
}
_MULTIPLES = {
    "k": 3, "thousand": 3, "tsd": 3, "m": 6, "mn": 6, "mm": 6, "mio": 6, "million": 6, "millions": 6, "bn": 9, "b": 9,
    "mrd": 9, "billion": 9, "billions": 9, "万": 4, "萬": 4, "亿": 8, "億": 8,
}  # fmt: skip
_PARTS = re.compile(
    r"(?P<before>[^\d\s.,+()-]*(?:fr\.)?)\s*(?P<sign>[-+]?)\s*(?P<inside>[^\d\s.,+()-]*)\s*"
    r"(?P<number>\d[\d.,' ’]*\d|\d|[.,]\d+)\s*(?P<after>[^\d,+()-]*?)\s*(?P<behind>-?)"
)
_GROUPED = re.compile(r"\d{1,3}(?:([.,' ’])\d{3})(?:\1\d{3})*|\d{1,3}(?:,\d{2})*,\d{3}")


def clean_money(text: str | None, currency: str | None = None) -> CleanMoney:
    """An amount as it was written, in English or in continental fashion: ``1.234,56 €``, ``$1,234.56``, ``(12k)``.

    :param currency: the record's own, ISO 4217; it also decides what a sign shared by several means (``$``, ``¥``,
        ``kr``). Without it ``$`` is USD, ``¥`` JPY and ``£`` GBP, and the code has ``ambiguous``.

    One separator before exactly three digits parts thousands (1.234 is 1234). Code: ``to_number``.
    """
    value = tidy(text)
    if not value:
        return CleanMoney(None, None, "empty")
    known = _currency_code(currency)
    folded = unicodedata.normalize("NFKC", value).lower().replace("−", "-")
    is_negative = folded.startswith("(") and folded.endswith(")")
    parts = _PARTS.fullmatch(folded.strip("()") if is_negative else folded) if len(folded) <= _LONGEST else None
    number = _number(parts["number"]) if parts else None
    if parts is None or number is None:
        return CleanMoney(None, None, "invalid")
    code: list[str] = []
    for word in f"{parts['before']} {parts['inside']} {parts['after']}".split():
        if word in _MULTIPLES:
            number *= Decimal(10) ** _MULTIPLES[word]
        elif word in _SYMBOLS:
            if known not in _SHARED_SYMBOLS.get(word, ()):
                known = _SYMBOLS[word]
                if word in _SHARED_SYMBOLS:
                    code.append("ambiguous")
        elif named := _currency_code(word):
            known = named
        elif word[0] in _MULTIPLES and word[1:] in _SYMBOLS:  # 10亿元
            number *= Decimal(10) ** _MULTIPLES[word[0]]
            known = _SYMBOLS[word[1:]]
        else:
            return CleanMoney(None, None, "invalid")
    if is_negative or "-" in (parts["sign"], parts["behind"]):
        number = -number
    if f"{number:f}" != text:
        code.insert(0, "to_number")
    return CleanMoney(number, known, "+".join(code) or "same")


def _number(text: str) -> Decimal | None:
    last = max(text.rfind("."), text.rfind(","))
    if _GROUPED.fullmatch(text) and not text.startswith("0"):
        whole, fraction = text, ""
    elif last < 0 or text.count(text[last]) > 1:
        whole, fraction = text, ""
        if re.search(r"\D", whole):
            return None
    else:
        whole, fraction = text[:last], text[last + 1 :]
        if not fraction.isdigit() or not (whole.isdigit() or not whole or _GROUPED.fullmatch(whole)):
            return None
        if text[last] in whole:
            return None
    digits = re.sub(r"\D", "", whole)
    return Decimal(f"{int(digits or 0)}.{fraction}" if fraction else str(int(digits or 0)))


@cache
def _currency_code(text: str | None) -> str | None:
    code = (text or "").strip().upper()
    return code if code and pycountry.currencies.get(alpha_3=code) else None
