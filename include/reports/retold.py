"""What the product itself wrote into the warehouse, in the language that is spoken; other text stays."""

import re

from babel import Locale

from include.reports.language import N_, _, _c, language

# of include/config/value.yaml, as it comes
SEGMENTS = (
    N_("Champions"), N_("Loyal"), N_("Potential loyalists"), "New", N_("Promising"), N_("Need attention"),
    N_("About to sleep"), N_("Cannot lose them"), N_("At risk"), N_("Hibernating"),
)  # fmt: skip
# that the names of groups of customers are put together from
WORDS = (
    N_("recent"), N_("long silent"), N_("rare"), N_("frequent"), N_("low value"), N_("high value"), N_("new"),
    N_("long-standing"), N_("few tickets"), N_("many tickets"), N_("average"),
)  # fmt: skip
# why there is no model
REASONS = (
    N_("{there} customers with a repeat purchase, and {needed} are needed"),
    N_("{there} customers with a repeat purchase in the currency, and {needed} are needed"),
    N_("{there} customers who bought, and {needed} are needed"),
    N_("no number of clusters from 2 to {most} comes out again when customers who bought are drawn anew"),
    N_("the likelihood has no maximum: {message}"),
)


def country(code: str) -> str:
    """A country by its name, where pages are not in English: 法国 of FR."""
    return code if language() == "en" else Locale(language()).territories.get(code, code)


def segment(name: str) -> str:
    """The name of an RFM segment."""
    if name == "New":
        return _c("segment", "New")
    return _(name) if name in SEGMENTS else name


def group(name: str) -> str:
    """The name that a clustering put together: ``recent, low value``, ``average 2``."""
    whole = re.fullmatch(r"(.+?)( \d+)?", name)
    words = whole[1].split(", ") if whole else []
    if not whole or not set(words) <= set(WORDS):
        return name
    return _(", ").join(map(_, words)) + (whole[2] or "")


def reason(text: str) -> str:
    """Why a model was not fitted."""
    for told in REASONS:
        places = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(told))
        if found := re.fullmatch(places, text, re.DOTALL):
            return _(told, **found.groupdict())
    return text
