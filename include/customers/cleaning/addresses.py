"""Postal addresses: their parts, each in one form."""

import re
from functools import cache, lru_cache
from typing import NamedTuple

import pycountry

from include.customers.cleaning.countries import clean_country
from include.customers.cleaning.text import EMPTY, Cleaned, Steps, ascii_fold, key, settled, tidy


class CleanAddress(NamedTuple):
    """An address in parts; `country` is ISO 3166 alpha-2. `code` has what was done to any part, as for `Cleaned`."""

    house_number: str | None
    street: str | None
    unit: str | None
    city: str | None
    postcode: str | None
    state: str | None
    country: str | None
    code: str


class CleanStreet(NamedTuple):
    """A street's line in parts."""

    house_number: str | None
    street: str | None
    unit: str | None
    code: str


_LONGEST = 300
# US Postal Service, Publication 28, appendix C1, and the like elsewhere: as written to one form
_TYPES = {
    "st": "Street", "strt": "Street", "rd": "Road", "ave": "Avenue", "av": "Avenue", "aven": "Avenue",
    "blvd": "Boulevard", "boul": "Boulevard", "bvd": "Boulevard", "dr": "Drive", "drv": "Drive", "ln": "Lane",
    "ct": "Court", "crt": "Court", "pl": "Place", "plc": "Place", "sq": "Square", "ter": "Terrace", "tce": "Terrace",
    "terr": "Terrace", "cir": "Circle", "cct": "Circuit", "cres": "Crescent", "cr": "Crescent", "crs": "Crescent",
    "pde": "Parade", "hwy": "Highway", "hgwy": "Highway", "pkwy": "Parkway", "pky": "Parkway", "cl": "Close",
    "gr": "Grove", "gve": "Grove", "gdns": "Gardens", "gdn": "Gardens", "esp": "Esplanade", "trl": "Trail",
    "expy": "Expressway", "fwy": "Freeway", "aly": "Alley", "brg": "Bridge", "ctr": "Center", "mt": "Mount",
    "str": "Straße", "strasse": "Straße", "straße": "Straße",
}  # fmt: skip
_FIRST_TYPES = {
    "av": "Avenue", "av.": "Avenue", "ave": "Avenue", "ave.": "Avenue", "bd": "Boulevard", "bd.": "Boulevard",
    "blvd": "Boulevard", "c/": "Calle", "avda": "Avenida", "avda.": "Avenida", "r.": "Rue", "pl.": "Place",
    "ul.": "Ulica", "ul": "Ulica", "v.": "Via", "p.za": "Piazza", "pza.": "Plaza",
}  # fmt: skip
_DIRECTIONS = {"n", "s", "e", "w", "ne", "nw", "se", "sw", "north", "south", "east", "west"}
_GERMAN = re.compile(r"(?<=[^\W\d_])(s)tr(?:\.|asse|aße)?$", re.IGNORECASE)
_UNIT_WORD = (
    r"(?:apartment|appartement|appt|apt|unit|suite|ste|flat|floor|fl|room|rm|wohnung|whg|lgh|etage|shop|level|lot)"
)
_UNIT_BEHIND = re.compile(
    rf"(?P<rest>.+?)[\s,]+(?:{_UNIT_WORD}\b\.?\s*(?:no\.?|nr\.?|#)?\s*|#\s*)(?P<unit>[\w-]*\d[\w-]*|[a-z])",
    re.IGNORECASE,
)
_UNIT_BEFORE = re.compile(
    rf"{_UNIT_WORD}\b\.?\s*#?\s*(?P<unit>[\w-]*\d[\w-]*|[a-z])\s*[,/\s]\s*(?P<rest>\S.*)", re.IGNORECASE
)
_SLASHED = re.compile(r"(?P<unit>\d+[a-z]?)\s?/\s?(?P<rest>\d+[a-z]?(?:-\d+[a-z]?)?\s+[^\W\d_].*)", re.IGNORECASE)
_MAY_HAVE_UNIT = re.compile(rf"\b{_UNIT_WORD}\b|[#/]", re.IGNORECASE)  # the patterns above are slow
_NUMBER = r"\d+\s?[a-z]?(?:\s?[-–/]\s?\d+\s?[a-z]?)?"
_NUMBER_BEFORE = re.compile(rf"(?:no\.?\s*)?(?P<number>{_NUMBER})(?:\s*,\s*|\s+)(?P<rest>.*[^\W\d_].*)", re.IGNORECASE)
_NUMBER_BEHIND = re.compile(
    rf"(?P<rest>.*[^\W\d_].*?)(?:\s*,\s*|\s+)(?:no\.?\s*|nr\.?\s*)?(?P<number>{_NUMBER})", re.IGNORECASE
)
_CHINESE = re.compile(r"(?P<rest>.*?)(?P<number>\d+(?:-\d+)?)\s*[号號](?P<unit>.*)")
# the number behind these is a part of the name
_NUMBERED = {"highway", "hwy", "route", "rte", "interstate", "box", "postfach", "postbox", "road", "rd", "calle"}
_PLAIN_POSTCODE = re.compile(r"[A-Z0-9]{1,16}")
_POSTCODE_COUNTRY = re.compile(r"(?:[A-Z]{1,2}[-–]\s?)(?=\d{3})")


def clean_address(
    street: str | None = None,
    city: str | None = None,
    postcode: str | None = None,
    state: str | None = None,
    country: str | None = None,
    house_number: str | None = None,
    unit: str | None = None,
) -> CleanAddress:
    """An address from the parts that a source has; house number and unit are taken out of the street's line.

    Codes: those of `clean_street`, `clean_place`, `clean_postcode`, `clean_state` and `clean_country`.
    """
    line = clean_street(street, house_number, unit)
    land = clean_country(country)
    town = clean_place(city)
    post = clean_postcode(postcode)
    region = clean_state(state, land.value)
    codes = [part.code for part in (line, town, post, region, land)]
    steps = dict.fromkeys(step for code in codes for step in code.split("+") if step not in ("same", "empty"))
    code = "+".join(steps) or ("empty" if set(codes) == {"empty"} else "same")
    return CleanAddress(
        line.house_number, line.street, line.unit, town.value, post.value, region.value, land.value, code
    )


def clean_street(street: str | None, house_number: str | None = None, unit: str | None = None) -> CleanStreet:
    """A street's line in parts: "Flat 3, 12 High St." is 12, High Street, 3.

    What has a column of its own is not looked for in the line. Codes: ``unit`` and ``number`` (taken out), ``type``
    (Street for St, Straße for Str.), ``cased``.
    """
    steps = Steps(street or "")
    steps.to(tidy(street), "trimmed")
    number, flat = tidy(house_number), tidy(unit)
    if len(steps.value) + len(number) + len(flat) > _LONGEST:
        return CleanStreet(None, None, None, "invalid")
    if not (steps.value or number or flat):
        return CleanStreet(None, None, None, "empty")
    if not flat and not number and (match := _CHINESE.fullmatch(steps.value)) and match["rest"]:
        number, flat = match["number"], match["unit"].strip(" ,，")
        steps.to(match["rest"].strip(), "number")
    if not flat and _MAY_HAVE_UNIT.search(steps.value):
        patterns = (_UNIT_BEFORE, _UNIT_BEHIND) if number else (_UNIT_BEFORE, _SLASHED, _UNIT_BEHIND)
        for pattern in patterns:
            if match := pattern.fullmatch(steps.value):
                flat = match["unit"]
                steps.to(match["rest"].strip(" ,"), "unit")
                break
    if not number:
        match = _NUMBER_BEFORE.fullmatch(steps.value)
        if not match:
            match = _NUMBER_BEHIND.fullmatch(steps.value)
            if match and (match["rest"].lower().split()[-1].strip(".,") in _NUMBERED or "/" in match["rest"][-1:]):
                match = None
        if match:
            number = match["number"]
            steps.to(match["rest"].strip(" ,"), "number")
    steps.to(settled(_with_type, steps.value), "type")
    steps.to(settled(_place_case, steps.value), "cased")
    number = re.sub(r"\s", "", number).replace("–", "-").upper()
    flat = settled(_unit_case, flat)
    return CleanStreet(number or None, steps.value or None, flat or None, steps.code)


def _unit_case(text: str) -> str:
    """4B in capitals, the name of a house as other names."""
    is_number = text.isascii() and (len(text) < 3 or any(c.isdigit() for c in text))
    return text.upper() if is_number else _place_case(text)


@lru_cache(maxsize=100_000)
def _with_type(street: str) -> str:
    words = street.split(" ")
    last = len(words) - 1
    while last > 1 and words[last].lower().strip(".") in _DIRECTIONS:
        last -= 1
    word = words[last].rstrip(".,")
    if last > 0 and (full := _TYPES.get(word.lower())):
        words[last] = full
    elif match := _GERMAN.search(words[last]):
        words[last] = f"{words[last][: match.start()]}{match[1]}traße"
    if last > 0 and (full := _FIRST_TYPES.get(words[0].lower())) and word.lower() not in _TYPES:
        words[0] = full
    return " ".join(words)


@lru_cache(maxsize=100_000)
def _place_case(text: str) -> str:
    """Capitals at the words' beginnings, where a name is all in capitals or, but for its street's type, in small."""
    words = text.split(" ")
    own = [word for word in words if word not in _ONE_FORM] or words
    joined = "".join(own)
    if joined == joined.upper() == joined.lower() or joined not in (joined.upper(), joined.lower()):
        return text
    return tidy(
        " ".join(word if word in _ONE_FORM else re.sub(r"[^\W\d_]+(?:'[^\W\d_]+)?", _capital, word) for word in words)
    )


_ONE_FORM = frozenset(_TYPES.values()) | frozenset(_FIRST_TYPES.values())


def _capital(match: re.Match[str]) -> str:
    is_ordinal = match.start() > 0 and match.string[match.start() - 1].isdigit()
    return match[0].lower() if is_ordinal else match[0][:1].title() + match[0][1:].lower()


def clean_place(text: str | None) -> Cleaned:
    """A town's name: trimmed; all in capitals or all in small letters gets name case (``cased``)."""
    steps = Steps(text or "")
    steps.to(tidy(text), "trimmed")
    if not steps.value:
        return EMPTY
    if not re.search(r"[^\W_]", steps.value):
        return steps.invalid
    steps.to(settled(_place_case, steps.value), "cased")
    return steps.cleaned()


def clean_postcode(text: str | None) -> Cleaned:
    """A postal code in capitals without spaces (``compact``), and without the country before it (``D-10115``)."""
    steps = Steps(text or "")
    steps.to(tidy(text), "trimmed")
    if not steps.value:
        return EMPTY
    if not re.search(r"[^\W_]", steps.value):
        return steps.invalid
    if _PLAIN_POSTCODE.fullmatch(steps.value):
        return steps.cleaned()
    value = steps.value.upper().replace(" ", "")
    while match := _POSTCODE_COUNTRY.match(value):
        value = value[match.end() :]
    if len(value) > 16:
        return steps.invalid
    steps.to(tidy(value), "compact")
    return steps.cleaned()


def clean_state(text: str | None, country: str | None = None) -> Cleaned:
    """A state or province: its ISO 3166-2 code without the country (``CA``) where the country has one of that name.

    :param country: ISO 3166 alpha-2. Without it, a code of two or three letters is written in capitals. Codes:
        ``to_iso``, ``cased``.
    """
    steps = Steps(text or "")
    steps.to(tidy(text), "trimmed")
    if not steps.value:
        return EMPTY
    if not re.search(r"[^\W_]", steps.value):
        return steps.invalid
    if country and (code := _states(country).get(key(steps.value) or "")):
        steps.to(code, "to_iso")
    else:
        steps.to(settled(_state_case, steps.value), "cased")
    return steps.cleaned()


def _state_case(text: str) -> str:
    is_code = text.isascii() and text.isalpha() and len(text) <= 3
    return text.upper() if is_code else _place_case(text)


@cache
def _states(country: str) -> dict[str, str]:
    names: dict[str, str] = {}
    divisions = pycountry.subdivisions.get(country_code=country) or []
    for division in divisions:
        names.setdefault(key(division.name) or "", division.code.partition("-")[2])
    return names | {(key(code) or ""): code for code in list(names.values())}


def street_key(street: str | None) -> str | None:
    """Letters and digits of a clean street, for matching."""
    return key(street)


def city_key(city: str | None) -> str | None:
    """Letters and digits of a town's name, for matching; St. is Saint."""
    return key(re.sub(r"^st\.?\s+|^ste\.?\s+", "saint ", ascii_fold(city).strip())) if city else None
