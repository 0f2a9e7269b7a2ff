"""What models have said in words, in the language of a report: taken apart where it was put together, and said anew.

Words that are no model's own (stages, products, topics) come through as they are.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import cache

from include.reports.language import N_, _
from include.reports.words import number, show

# include/sales/win.py: of the stage alone
STAGE = N_("stage {stage}")
# sql/mart/deal_outlook.sql: in what a deal is unlike its peers
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
# include/sales/win.py: why there is no model
NO_MODEL = (
    N_("{n} closed deals, and {needed} are needed"),
    N_("{n} closed leads, and {needed} are needed"),
    N_("too few deals had closed before the last quarter of the time"),
    N_("too few leads had closed before the last quarter of the time"),
    N_("on later deals the rates of the stages did as well"),
    N_("on later leads the rates of the stages did as well"),
)


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
    """Why the rates of the stages are told, and no model's chances."""
    return _said(reason, NO_MODEL)


def group(name: str) -> str:
    """``few deals, long silent``: the name of a cluster, by the words of its features; a number tells two apart."""
    words, _blank, count = name.rpartition(" ")
    if not (words and count.isdecimal()):
        words, count = name, ""
    told = _(", ").join(_(word) if word else "" for word in words.split(", "))
    return f"{told} {count}".rstrip()


def known(text: str | None, words: Iterable[str]) -> str | None:
    """One of these words in the language that is spoken; any other text as it is."""
    return _(text) if text and text in words else text


def _reason(text: str) -> str:
    told = _said(text, (STAGE,))
    return _(text) if told == text and text else told


def _unlike(text: str) -> str:
    if found := _pattern(STAYED).fullmatch(text):
        return _(
            "{days} in {stage}: longer than the allowed stay of {allowed}",
            days=show("days", Decimal(found["days"])),
            stage=found["stage"],
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
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(template)), re.DOTALL)
