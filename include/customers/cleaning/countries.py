"""Countries to ISO 3166-1 alpha-2."""

import re
import unicodedata
from functools import cache, lru_cache

import pycountry
from babel import Locale
from rapidfuzz.distance import OSA

from include.customers.cleaning.text import EMPTY, Cleaned, Steps, tidy

_LONGEST = 80
# The languages whose names of countries are known
_LANGUAGES = (
    "en de fr es it pt nl sv da nb fi pl cs sk hu ro bg hr sl sr el tr ru uk ar he fa hi zh zh_Hant ja ko vi th id"
)
# What people write and neither ISO nor CLDR has
_ALSO = {
    "uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB", "great britain": "GB",
    "britain": "GB", "u k": "GB", "usa": "US", "u s a": "US", "u s": "US", "us of a": "US", "america": "US",
    "united states": "US", "the states": "US", "holland": "NL", "the netherlands": "NL", "russia": "RU",
    "south korea": "KR", "korea": "KR", "republic of korea": "KR", "north korea": "KP", "uae": "AE", "prc": "CN",
    "mainland china": "CN", "peoples republic of china": "CN", "brd": "DE", "burma": "MM", "ivory coast": "CI",
    "macedonia": "MK", "czech republic": "CZ", "swaziland": "SZ", "cape verde": "CV", "vatican": "VA", "laos": "LA",
    "syria": "SY", "iran": "IR", "moldova": "MD", "bolivia": "BO", "venezuela": "VE", "tanzania": "TZ",
    "viet nam": "VN", "turkey": "TR", "palestine": "PS", "brunei": "BN", "east timor": "TL", "drc": "CD",
    "espana": "ES", "brasil": "BR", "ksa": "SA", "rsa": "ZA", "nz": "NZ", "eire": "IE", "macau": "MO",
    "中华人民共和国": "CN",
}  # fmt: skip


def clean_country(text: str | None) -> Cleaned:
    """An ISO 3166-1 alpha-2 code, of a code (alpha-2, alpha-3, numeric) or a name in one of thirty-five languages.

    Codes: ``to_iso``; ``spelling`` where the name is one slip (two in a long name) away from one country's English
    name and farther from every other ("Philipines").
    """
    steps = Steps(text or "")
    steps.to(tidy(text), "trimmed")
    if not steps.value:
        return EMPTY
    code, is_guess = _code(steps.value) if len(steps.value) <= _LONGEST else (None, False)
    if code is None:
        return steps.invalid
    steps.became(code, "to_iso")
    if is_guess:
        steps.note("spelling")
    return steps.cleaned()


@lru_cache(maxsize=10_000)
def _code(text: str) -> tuple[str | None, bool]:
    folded = _folded(text)
    names, english = _names()
    if code := names.get(folded):
        return code, False
    if len(folded) < 5:
        return None, False
    best = 2 if len(folded) >= 9 else 1
    found: set[str] = set()
    for name, code in english.items():
        distance = OSA.distance(folded, name, score_cutoff=best)
        if distance < best:
            best, found = distance, {code}
        elif distance == best:
            found.add(code)
    return (found.pop(), True) if len(found) == 1 else (None, False)


def _folded(text: str) -> str:
    letters = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    words = re.sub(r"[\W_]+", " ", letters.replace("'", "").replace("’", "")).split()
    return " ".join(word for word in words if word != "the" or len(words) == 1)


@cache
def _names() -> tuple[dict[str, str], dict[str, str]]:
    """Folded names and codes of countries; and the English names among them. What comes first decides."""
    english: dict[str, str] = {}
    codes: dict[str, str] = {}
    for country in pycountry.countries:
        codes |= {_folded(code): country.alpha_2 for code in (country.alpha_2, country.alpha_3, country.numeric)}
        for field in ("name", "common_name", "official_name"):
            if name := getattr(country, field, None):
                english.setdefault(_folded(name), country.alpha_2)
    for name, code in _ALSO.items():
        english.setdefault(_folded(name), code)
    known = set(codes.values())
    others: dict[str, str] = {}
    unclear: set[str] = set()
    for language in _LANGUAGES.split():
        for code, name in Locale.parse(language).territories.items():
            folded = _folded(name)
            if code not in known or not folded:
                continue
            if language == "en":
                english.setdefault(folded, code)
            elif others.setdefault(folded, code) != code:
                unclear.add(folded)
    return {
        name: code for name, code in (others | english | codes).items() if name not in unclear - {*english, *codes}
    }, {name: code for name, code in english.items() if len(name) > 3}
