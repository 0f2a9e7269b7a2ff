"""The words of a reminder: one mail a person, in English or Chinese."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Any
from urllib.parse import quote

from include.actions import wording
from include.actions.digest import Digest, Entry, compose, day_in, short
from include.actions.rules import Language, RemindersConfig
from include.reports.words import money, plural

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "at_risk": "{amount} at risk", "no_name": "a deal without a name",
        "intro": "These deserve a look today, the most at risk first.",
        "intro_weekly": "These of your team deserve a look this week, the most at risk first.",
        "rest": "{rest} more wait for another day.",
        "risk": "At risk is amount × chance of winning × how late.",
        "why": "Sent by CRM Autopilot, one mail a day at most, none when there is nothing to say.",
        "why_weekly": "Sent by CRM Autopilot, once a week.",
    },
    "zh": {
        "at_risk": "风险 {amount}", "no_name": "未命名商机",
        "intro": "以下事项今天值得跟进，风险最高的在前。",
        "intro_weekly": "您团队的以下事项本周值得关注，风险最高的在前。",
        "rest": "另有 {rest} 项待后续提醒，风险高者优先。",
        "risk": "风险金额 = 金额 × 赢率 × 逾期程度。",
        "why": "由 CRM Autopilot 发送：每天至多一封，无事不发。",
        "why_weekly": "由 CRM Autopilot 发送：每周一封。",
    },
}  # fmt: skip


def entries(
    rows: Sequence[dict[str, Any]], config: RemindersConfig, language: Language, *, is_weekly: bool
) -> list[Entry]:
    """The deals of a digest in their order, of rows as sql/reminder/chosen.sql gives them."""
    templates = {rule.name: rule.wording[language] for rule in config.rules}
    found: dict[int, Entry] = {}
    for row in rows:
        if row["place"] not in found:
            found[row["place"]] = _entry(row, config, language, is_weekly=is_weekly)
        found[row["place"]].say(templates[row["rule"]], _values(row, language))
    return list(found.values())


def _entry(row: dict[str, Any], config: RemindersConfig, language: Language, *, is_weekly: bool) -> Entry:
    facts = [row["company_name"], row["rep_name"] if is_weekly else None, row["stage_name"]]
    facts = [short(fact) for fact in facts if fact]
    if row["amount"] is not None:
        facts.append(_money(row["amount"], row["currency"]))
    risk = row["value_at_risk"]
    link = config.links.get(row["source"], "") if row["subject_kind"] == "deal" else ""
    return Entry(
        name=short(row["name"]) or WORDS[language]["no_name"],
        facts=facts,
        mark=WORDS[language]["at_risk"].format(amount=_money(risk, row["currency"])) if risk else "",
        link=wording.template(link, is_html=False).render(deal_id=quote(row["subject_id"], safe="")) if link else "",
    )


def _values(row: dict[str, Any], language: Language) -> dict[str, Any]:
    """What the wording may name; foreign text on one line, without control characters."""
    return {
        "deal": short(row["name"]),
        "company": short(row["company_name"]),
        "contact": short(row["contact_name"]),
        "product": short(row["product_name"]),
        "stage": short(row["stage_name"]),
        "amount": _money(row["amount"], row["currency"]) if row["amount"] is not None else "–",
        "was_amount": _money(row["was_amount"], row["currency"]) if row["was_amount"] is not None else "–",
        "days": _whole(row["days"], ROUND_DOWN),
        "limit": _whole(row["limit_days"], ROUND_UP),
        "on": day_in(language, row["about_on"]) if row["about_on"] else "–",
    }


def _money(value: Decimal, currency: str | None) -> str:
    # figure and currency stay on one line
    return money(value.quantize(Decimal(1), ROUND_HALF_UP), currency or "XXX").replace(" ", "\u00a0")


def _whole(value: Decimal | None, rounding: str) -> str:
    return "–" if value is None else f"{value.quantize(Decimal(1), rounding)}"


def digest(
    listed: Sequence[Entry], name: str, language: Language, on: date, *, rest: int = 0, is_weekly: bool = False
) -> Digest:
    """One mail of deals.

    :param name: whom it is for.
    :param rest: how many more deals there are.
    """
    words, weekly = WORDS[language], "_weekly" if is_weekly else ""
    when = day_in(language, on)
    if language == "en":
        subject = f"{plural(len(listed), 'deal')} to look at, {when}"
    else:
        subject = f"{len(listed)} 个商机待跟进，{when}"
    closing = [
        words["rest"].format(rest=rest) if rest else "",
        words["risk"] if any(entry.mark for entry in listed) else "",
        words[f"why{weekly}"],
    ]
    return compose(
        listed, language, subject=subject, name=name, intro=words[f"intro{weekly}"],
        closing=[line for line in closing if line],
    )  # fmt: skip
