"""The words of a reminder: one mail a person, in plain text and in HTML, in English or Chinese."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import FileSystemLoader
from markupsafe import Markup

from include.actions import wording
from include.actions.rules import Language, RemindersConfig
from include.reports.words import cut, day, money, plain, plural

_LONGEST_NAME = 120
_FILES = FileSystemLoader(Path(__file__).parent)


@dataclass
class Entry:
    """One deal of a digest, with all that is to be said about it."""

    name: str
    facts: list[str]
    at_risk: str
    link: str
    said: list[str] = field(default_factory=list)
    said_html: list[Markup] = field(default_factory=list)


@dataclass(frozen=True)
class Digest:
    """A message before it has an address."""

    subject: str
    text: str
    html: str


WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "at_risk": "{amount} at risk", "no_name": "a deal without a name", "hello": "Hello {name},",
        "intro": "These deserve a look today, the most at risk first.",
        "intro_weekly": "These of your team deserve a look this week, the most at risk first.",
        "rest": "{rest} more wait for another day.",
        "risk": "At risk is amount × chance of winning × how late.",
        "why": "Sent by CRM Autopilot, one mail a day at most, none when there is nothing to say.",
        "why_weekly": "Sent by CRM Autopilot, once a week.",
    },
    "zh": {
        "at_risk": "风险 {amount}", "no_name": "未命名商机", "hello": "{name}，您好：",
        "intro": "以下事项今天值得跟进，风险最高的在前。",
        "intro_weekly": "您团队的以下事项本周值得关注，风险最高的在前。",
        "rest": "另有 {rest} 项待后续提醒，风险高者优先。",
        "risk": "风险金额 = 金额 × 赢率 × 逾期程度。",
        "why": "由 CRM Autopilot 发送：每天至多一封，无事不发。",
        "why_weekly": "由 CRM Autopilot 发送：每周一封。",
    },
}  # fmt: skip


def day_in(language: Language, value: date) -> str:
    """``16 November 2026``, ``2026年11月16日``."""
    return day(value) if language == "en" else f"{value.year}年{value.month}月{value.day}日"


def entries(
    rows: Sequence[dict[str, Any]], config: RemindersConfig, language: Language, *, is_weekly: bool
) -> list[Entry]:
    """The deals of a digest in their order, of rows as sql/reminder/chosen.sql gives them."""
    templates = {rule.name: rule.wording[language] for rule in config.rules}
    found: dict[int, Entry] = {}
    for row in rows:
        if row["place"] not in found:
            found[row["place"]] = _entry(row, config, language, is_weekly=is_weekly)
        values = _values(row, language)
        entry = found[row["place"]]
        entry.said.append(wording.template(templates[row["rule"]], is_html=False).render(values))
        entry.said_html.append(Markup(wording.template(templates[row["rule"]], is_html=True).render(values)))
    return list(found.values())


def _entry(row: dict[str, Any], config: RemindersConfig, language: Language, *, is_weekly: bool) -> Entry:
    facts = [row["company_name"], row["rep_name"] if is_weekly else None, row["stage_name"]]
    facts = [_name(fact) for fact in facts if fact]
    if row["amount"] is not None:
        facts.append(_money(row["amount"], row["currency"]))
    risk = row["value_at_risk"]
    link = config.links.get(row["source"], "") if row["subject_kind"] == "deal" else ""
    return Entry(
        name=_name(row["name"]) or WORDS[language]["no_name"],
        facts=facts,
        at_risk=WORDS[language]["at_risk"].format(amount=_money(risk, row["currency"])) if risk else "",
        link=wording.template(link, is_html=False).render(deal_id=quote(row["subject_id"], safe="")) if link else "",
    )


def _values(row: dict[str, Any], language: Language) -> dict[str, Any]:
    """What the wording may name; foreign text on one line, without control characters."""
    return {
        "deal": _name(row["name"]),
        "company": _name(row["company_name"]),
        "contact": _name(row["contact_name"]),
        "product": _name(row["product_name"]),
        "stage": _name(row["stage_name"]),
        "amount": _money(row["amount"], row["currency"]) if row["amount"] is not None else "–",
        "was_amount": _money(row["was_amount"], row["currency"]) if row["was_amount"] is not None else "–",
        "days": _whole(row["days"], ROUND_DOWN),
        "limit": _whole(row["limit_days"], ROUND_UP),
        "on": day_in(language, row["about_on"]) if row["about_on"] else "–",
    }


def _name(text: str | None) -> str:
    return cut(plain(text or ""), _LONGEST_NAME)


def _money(value: Decimal, currency: str | None) -> str:
    # figure and currency stay on one line
    return money(value.quantize(Decimal(1), ROUND_HALF_UP), currency or "XXX").replace(" ", "\u00a0")


def _whole(value: Decimal | None, rounding: str) -> str:
    return "–" if value is None else f"{value.quantize(Decimal(1), rounding)}"


def digest(
    listed: Sequence[Entry], name: str, language: Language, on: date, *, rest: int = 0, is_weekly: bool = False
) -> Digest:
    """One mail: subject, plain text, HTML.

    :param name: whom it is for.
    :param rest: how many more deals there are.
    """
    words, weekly = WORDS[language], "_weekly" if is_weekly else ""
    when = day_in(language, on)
    if language == "en":
        subject = f"{plural(len(listed), 'deal')} to look at, {when}"
    else:
        subject = f"{len(listed)} 个商机待跟进，{when}"
    values = {
        "language": "zh-CN" if language == "zh" else "en",
        "subject": subject,
        "hello": words["hello"].format(name=_name(name)),
        "intro": words[f"intro{weekly}"],
        "entries": listed,
        "rest": words["rest"].format(rest=rest) if rest else "",
        "risk": words["risk"] if any(entry.at_risk for entry in listed) else "",
        "why": words[f"why{weekly}"],
    }
    return Digest(
        subject=subject,
        text=wording.template(_source("digest.txt.j2"), is_html=False).render(values),
        html=wording.template(_source("digest.html.j2"), is_html=True).render(values),
    )


def _source(name: str) -> str:
    return _FILES.get_source(wording.PLAIN, name)[0]
