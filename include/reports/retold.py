"""What the product itself wrote into the warehouse, said anew in the language of a report: taken apart where it was put
together.

Words that are not its own (stages, products, topics, segments of one's own) come through as they are.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import cache

from babel import Locale

from include.reports.language import N_, _, _c, language
from include.reports.words import number, show

# of include/config/value.yaml, as it comes
SEGMENTS = (
    N_("Champions"), N_("Loyal"), N_("Potential loyalists"), "New", N_("Promising"), N_("Need attention"),
    N_("About to sleep"), N_("Cannot lose them"), N_("At risk"), N_("Hibernating"),
)  # fmt: skip
# include/sales/win.py: what moves a chance
STAGE = N_("stage {stage}")
REASONS = (
    N_("older than most"),
    N_("younger than most"),
    N_("longer in its stage than is usual there"),
    N_("still within the usual stay in its stage"),
    N_("much was done lately"),
    N_("little was done lately"),
    N_("silent for long"),
    N_("in touch lately"),
    N_("went back a stage"),
    N_("never went back a stage"),
    N_("its rep wins often"),
    N_("its rep wins seldom"),
    N_("its product is won often"),
    N_("its product is won seldom"),
    N_("its source is won often"),
    N_("its source is won seldom"),
    N_("its company has bought before"),
    N_("its company has said no before"),
    N_("its rep converts often"),
    N_("its rep converts seldom"),
    N_("its source is converted often"),
    N_("its source is converted seldom"),
)
# include/sales/clusters.py and include/service/ways.py: what names of groups are put together from
WORDS = (
    N_("few deals"),
    N_("many deals"),
    N_("seldom buys"),
    N_("often buys"),
    N_("low value"),
    N_("high value"),
    N_("nothing open"),
    N_("deals open"),
    N_("active"),
    N_("long silent"),
    N_("new"),
    N_("long-standing"),
    N_("small"),
    N_("large"),
    N_("young"),
    N_("old"),
    N_("moving"),
    N_("standing still"),
    N_("at the start"),
    N_("far on"),
    N_("little done"),
    N_("much done"),
    N_("in touch"),
    N_("silent"),
    N_("quick reply"),
    N_("slow reply"),
    N_("solved soon"),
    N_("solved late"),
    N_("over in hours"),
    N_("over in days"),
    N_("customer not asked"),
    N_("waited for the customer"),
    N_("never on hold"),
    N_("on hold"),
    N_("few replies"),
    N_("many replies"),
    N_("one pair of hands"),
    N_("handed on"),
    N_("solved once"),
    N_("reopened"),
    N_("average"),
)
# include/customers/value: what names of groups of customers are put together from
CUSTOMER_WORDS = (
    N_("recent"), N_("long silent"), N_("rare"), N_("frequent"), N_("low value"), N_("high value"), N_("new"),
    N_("long-standing"), N_("few tickets"), N_("many tickets"), N_("average"),
)  # fmt: skip
# sql/mart/deal_outlook.sql: in what a deal is unlike its peers
NUMBERS = ("days", "allowed", "times")
NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
STAYED = "{days} days in {stage}: longer than the allowed stay of {allowed} days"
AMOUNT = N_("amount {times} times the usual one of its product")
# sql/models/explain.sql, of the dimensions of sql/sales/event_part.sql and sql/service/event_part.sql
PARTS = (
    N_("team {member} {share} %"),
    N_("rep {member} {share} %"),
    N_("product {member} {share} %"),
    N_("source {member} {share} %"),
    N_("topic {member} {share} %"),
    N_("tag {member} {share} %"),
    N_("channel {member} {share} %"),
    N_("group {member} {share} %"),
)
# include/sales/win.py and include/customers/value: why there is no model
NO_MODEL = (
    N_("{n} closed deals, and {needed} are needed"),
    N_("{n} closed leads, and {needed} are needed"),
    N_("too few deals had closed before the last quarter of the time"),
    N_("too few leads had closed before the last quarter of the time"),
    N_("on later deals the rates of the stages did as well"),
    N_("on later leads the rates of the stages did as well"),
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


def why(reasons: Iterable[str], unlike_peers: Iterable[str] = ()) -> str:
    """``for: in touch lately; against: older than most``, then in what a deal is unlike its peers.

    :param reasons: of mart.deal_outlook or mart.lead_outlook: ``+`` before what raises the chance, ``-`` before what
        lowers it, neither before a stage whose rate is the chance.
    """
    signed: dict[str, list[str]] = {"+": [], "-": [], "": []}
    for reason in reasons:
        sign = reason[0] if reason[:2] in ("+ ", "- ") else ""
        signed[sign].append(_reason(reason[2:] if sign else reason))
    told = list(signed[""])
    if signed["+"]:
        told.append(_("for: {reasons}", reasons=_(", ").join(signed["+"])))
    if signed["-"]:
        told.append(_("against: {reasons}", reasons=_(", ").join(signed["-"])))
    return _("; ").join([*told, *(_unlike(text) for text in unlike_peers)])


def explained(parts: Iterable[str]) -> str:
    """``source fair 98 %; rep Ann 30 %``: the parts that explain an unusual figure."""
    return _("; ").join(_said(part, PARTS) for part in parts)


def no_model(reason: str) -> str:
    """Why there is no model."""
    return _said(reason, NO_MODEL)


def group(name: str) -> str:
    """``few deals, long silent``, ``average 2``: the name of a cluster, by the words of its features."""
    found = re.fullmatch(r"(.+?)( \d+)?", name)
    words = found[1].split(", ") if found else []
    if not found or not set(words) <= {*WORDS, *CUSTOMER_WORDS}:
        return name
    return _(", ").join(map(_, words)) + (found[2] or "")


def known(text: str | None, words: Iterable[str]) -> str | None:
    """One of these words in the language that is spoken; any other text as it is."""
    return _(text) if text and text in words else text


def _reason(text: str) -> str:
    return _(text) if text in REASONS else _said(text, (STAGE,))


def _unlike(text: str) -> str:
    if found := _pattern(STAYED).fullmatch(text):
        # of the stage that the row names
        return _(
            "{days} in its stage, {allowed} allowed",
            days=show("days", Decimal(found["days"])),
            allowed=show("days", Decimal(found["allowed"])),
        )
    if found := _pattern(AMOUNT).fullmatch(text):
        return _(AMOUNT, times=number(Decimal(found["times"]), 1, is_fixed=True))
    return text


def _said(text: str, templates: Iterable[str]) -> str:
    """The text in the language that is spoken, where it is one of these messages with its places filled."""
    for template in templates:
        if found := _pattern(template).fullmatch(text):
            return _(template, **found.groupdict())
    return text


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", _place, re.escape(template)), re.DOTALL)


def _place(found: re.Match[str]) -> str:
    """What may stand in a place: a number where one is read from it, else any text."""
    return f"(?P<{found[1]}>{NUMBER if found[1] in NUMBERS else '.+'})"
