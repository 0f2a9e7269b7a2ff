"""Alerts: what people in service have to know at the end of a fresh day goes into the outbox, as one mail a person.

Promises that are due or broken, backlogs above the usual, feedback that a person has to see. What somebody was told is
in ops.alert_notice, and is not told to them again.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

from include.actions import wording
from include.actions.alert_rules import AlertsConfig
from include.actions.config import EmailChannel, OutboxConfig
from include.actions.digest import Digest, Entry, compose, day_in, short
from include.actions.outbox import Message, propose
from include.actions.people import day_of, hours_after, reps
from include.actions.rules import Language, RemindersConfig
from include.reports.words import plural
from include.service.schedules import Schedule
from include.settings import SQL, TIMEZONE
from include.warehouse.connection import Warehouse
from include.warehouse.locks import exclusive, shared
from include.warehouse.marts import last_told, may_be_told
from include.window import Window

# What was broken or rated bad longer ago is not told: longer than any holiday keeps people from reading.
LOOK_BACK = timedelta(days=21)
# A backlog that stays high is told once in so many days.
BACKLOG_TOLD_FOR = timedelta(days=7)

NOTICE = ("kind", "source", "subject_id", "measure", "instance_no")

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "intro": "These deserve a look today, the most urgent first.", "no_subject": "a ticket without a subject",
        "no_group": "no group", "backlog": "Backlog of {group}", "broken": "broken", "left": "{left} left",
        "rest": "{rest} more are not listed.", "at": "%a %-d %B, %H:%M %Z",
        "why": "Sent by CRM Autopilot, one mail a working day at most, none when there is nothing new.",
        "first_reply": "First reply", "next_reply": "Next reply", "requester_wait": "Solving (customer waits)",
        "agent_work": "Solving (agent works)",
    },
    "zh": {
        "intro": "以下事项今天需要关注，最紧急的在前。", "no_subject": "未命名工单", "no_group": "未分组",
        "backlog": "{group}：未结工单", "broken": "已超时", "left": "剩余 {left}", "rest": "另有 {rest} 项未列出。",
        "at": "%-m月%-d日 %H:%M（%Z）", "why": "由 CRM Autopilot 发送：每个工作日至多一封，无新事项不发。",
        "first_reply": "首次回复", "next_reply": "后续回复", "requester_wait": "解决（客户等待）",
        "agent_work": "解决（客服处理）",
    },
}  # fmt: skip
PRIORITIES: dict[Language, dict[str, str]] = {
    "en": {name: f"{name} priority" for name in ("low", "normal", "high", "urgent")},
    "zh": {"low": "低优先级", "normal": "普通优先级", "high": "高优先级", "urgent": "紧急"},
}
REASONS: dict[Language, dict[str, str]] = {
    "en": {
        "rated bad": "Rated bad",
        "asks something": "Rated good, but asks for something",
        "not understood": "Rated good, in words that were not understood",
    },
    "zh": {
        "rated bad": "评价不满意",
        "asks something": "评价满意，但另有请求",
        "not understood": "评价满意，但留言未能理解",
    },
}


@dataclass(frozen=True)
class Alerted:
    """What a window's run did.

    :param alerts: things that somebody may have to know, told before or not.
    :param skipped: why it did nothing; then all counts are 0.
    """

    alerts: int = 0
    messages: int = 0
    skipped: str = ""


@dataclass(frozen=True)
class _Recipient:
    """Whom a message is for: of one address there is one, whatever it is told of.

    :param groups: of which a lead is told; None among them: of all.
    :param agents: the agents, as sources name them, whose tickets are theirs.
    """

    address: str
    name: str
    language: Language
    calendar: Schedule
    hours: tuple[datetime, datetime]
    groups: tuple[str | None, ...] = ()
    agents: tuple[str, ...] = ()

    @property
    def on(self) -> date:
        return day_of(self.hours, self.calendar)

    @property
    def message_key(self) -> str:
        return f"alert/{self.address}/{self.on}"


def propose_alerts(
    warehouse: Warehouse, alerts: AlertsConfig, reminders: RemindersConfig, outbox: OutboxConfig, window: Window,
    now: datetime,
) -> Alerted:  # fmt: skip
    """Put messages about what is new at the end of a window into the outbox.

    Once more for the same window, or for one before it, it writes those messages anew that nobody has sent, approved or
    cancelled; what of them says nothing any more is cancelled.

    :param reminders: whose calendars and languages people have.
    :param window: does nothing unless it is fresh: so a backfill tells nobody.
    :param now: the clock.
    """
    if not may_be_told(window, now):
        return Alerted(skipped="the window is not fresh: nobody is told of the past")
    with (
        warehouse.connect(autocommit=True) as connection,
        shared(connection, "marts service"),
        exclusive(connection, "alerts"),
        connection.transaction(),
    ):
        connection.execute("select set_config('timezone', %s, true)", [TIMEZONE.key])
        window = last_told(connection, "alert_run", window)
        is_built = connection.execute(
            "select exists (select from ops.mart_day where subject = 'service' and day_on = %s)", [window.last_day]
        ).fetchone()
        if not is_built or not is_built[0]:
            return Alerted(skipped="the service marts of the day are not built")
        done = _propose(connection, alerts, reminders, outbox, window, now)
        connection.execute(
            "insert into ops.alert_run (window_end, ran_at, alerts, messages) values (%s, %s, %s, %s)"
            " on conflict (window_end) do update set ran_at = excluded.ran_at, alerts = excluded.alerts,"
            " messages = excluded.messages",
            [window.end, now, done.alerts, done.messages],
        )
        return done


def _propose(
    connection: psycopg.Connection, alerts: AlertsConfig, reminders: RemindersConfig, outbox: OutboxConfig,
    window: Window, now: datetime,
) -> Alerted:  # fmt: skip
    is_mail = isinstance(outbox.channels[alerts.channel], EmailChannel)
    recipients = _recipients(connection, alerts, reminders, window, now, is_mail=is_mail)
    told, due, high = alerts.told(), alerts.promise_due, alerts.backlog_high
    parameters = {
        "sources": [row[0] for row in connection.execute("select distinct source from mart.ticket").fetchall()],
        "window_end": window.end, "last_day": window.last_day, "now": now,
        "looked_back_to": window.end - LOOK_BACK, "backlog_told_since": window.end - BACKLOG_TOLD_FOR,
        "within_minutes": due.within_minutes if due else 0, "least": high.least if high else 0,
        "times": high.times if high else 0, "most_tickets": alerts.most_tickets,
        "to_agents": [kind for kind, one in told.items() if "agent" in one.to],
        "to_leads": [kind for kind, one in told.items() if "lead" in one.to],
    }  # fmt: skip
    # bound by the client: PostgreSQL takes no parameters in `create temp table … as`
    cursor = psycopg.ClientCursor(connection, row_factory=dict_row)
    for name in ("report/service_open_promise", "alert/open_alert", "alert/chosen"):
        cursor.execute((SQL / f"{name}.sql").read_bytes(), parameters)
    written = []
    rows = cursor.fetchall()
    for number, group in groupby(rows, lambda row: row["recipient_no"]):
        recipient, listed = recipients[number], list(group)
        made = _digest(listed, recipient, alerts)
        message = Message(
            recipient.message_key, "alert", alerts.channel, recipient.address, made.subject, made.text,
            recipient.hours[0], recipient.hours[1], made.html if is_mail else None,
        )  # fmt: skip
        outbox_id = propose(connection, outbox, message, now)
        if outbox_id is None:
            continue
        connection.execute("delete from ops.alert_notice where outbox_id = %s", [outbox_id])
        cursor.executemany(
            "insert into ops.alert_notice (outbox_id, window_end, kind, source, subject_id, measure, instance_no)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            [[outbox_id, window.end, *(row[name] for name in NOTICE)] for row in listed],
        )
        written.append(outbox_id)
    cursor.execute((SQL / "alert" / "cancel.sql").read_bytes(), {"now": now, "written": written})
    counted = connection.execute("select count(*) from alert where kind = any(%s)", [list(told)]).fetchone()
    return Alerted(counted[0] if counted else 0, len(written))


def _recipients(
    connection: psycopg.Connection, alerts: AlertsConfig, reminders: RemindersConfig, window: Window, now: datetime,
    *, is_mail: bool,
) -> list[_Recipient]:  # fmt: skip
    """Who may be told, also as temporary tables that statements join; who leads, by that calendar and language."""
    found: dict[str, _Recipient] = {}
    for lead in alerts.leads:
        calendar = reminders.calendar(lead.calendar)
        one = found.setdefault(
            lead.email.casefold(),
            _Recipient(
                lead.email, lead.name, lead.language or reminders.language, calendar,
                hours_after(calendar, window.end, now),
            ),
        )  # fmt: skip
        found[lead.email.casefold()] = replace(one, groups=(*one.groups, lead.group))
    for rep in reps(connection, reminders, window.end, now).values():
        if not rep.is_active or (is_mail and not rep.email):
            continue
        address = rep.email or rep.full_name or rep.rep_id
        one = found.setdefault(
            address.casefold(), _Recipient(address, rep.full_name or "", rep.language, rep.calendar, rep.hours)
        )
        found[address.casefold()] = replace(one, agents=(*one.agents, rep.rep_id))
    recipients = list(found.values())
    for table in (
        "alert_recipient (recipient_no integer, message_key text, address text)",
        "alert_lead (recipient_no integer, group_told text)",
        "alert_agent (recipient_no integer, rep_id text)",
    ):
        connection.execute(f"create temp table {table} on commit drop".encode())
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into alert_recipient values (%s, %s, %s)",
            [(no, one.message_key, one.address) for no, one in enumerate(recipients)],
        )
        cursor.executemany(
            "insert into alert_lead values (%s, %s)",
            [(no, group) for no, one in enumerate(recipients) for group in one.groups],
        )
        cursor.executemany(
            "insert into alert_agent values (%s, %s)",
            [(no, rep_id) for no, one in enumerate(recipients) for rep_id in one.agents],
        )
    return recipients


def _digest(rows: list[dict[str, Any]], recipient: _Recipient, alerts: AlertsConfig) -> Digest:
    language, words, told = recipient.language, WORDS[recipient.language], alerts.told()
    found: dict[int, Entry] = {}
    for row in rows:
        if row["place"] not in found:
            found[row["place"]] = _entry(row, recipient, alerts)
        found[row["place"]].say(told[row["kind"]].wording[language], _values(row, recipient))
    for place, entry in found.items():
        entry.mark = _mark([row for row in rows if row["place"] == place], language)
    rest, when = rows[0]["things"] - len(found), day_in(language, recipient.on)
    group = short(recipient.groups[0]) if len(recipient.groups) == 1 and not recipient.agents else ""
    if language == "en":
        where = f" of {group}" if group else ""
        subject = f"{plural(len(found), 'thing')} to look at in service{where}, {when}"
    else:
        where = f"（{group}）" if group else ""
        subject = f"客服{where}：{len(found)} 项待关注，{when}"
    closing = [words["rest"].format(rest=rest)] if rest else []
    return compose(
        list(found.values()), language, subject=subject, name=recipient.name, intro=words["intro"],
        closing=[*closing, words["why"]],
    )  # fmt: skip


def _entry(row: dict[str, Any], recipient: _Recipient, alerts: AlertsConfig) -> Entry:
    words = WORDS[recipient.language]
    if row["kind"] == "backlog_high":
        group = short(row["group_name"]) or row["subject_id"] or words["no_group"]
        return Entry(words["backlog"].format(group=group), [], "", "")
    priority = row["priority"] or ""
    facts = [row["customer_name"], row["company_name"], row["group_name"]]
    facts.append(PRIORITIES[recipient.language].get(priority, priority))
    if recipient.groups:
        facts.append(row["assignee_name"])
    link = alerts.links.get(row["source"], "")
    return Entry(
        name=short(row["subject"]) or words["no_subject"],
        facts=[f"#{short(row['subject_id'])}", *(short(fact) for fact in facts if fact)],
        mark="",
        link=wording.template(link, is_html=False).render(ticket_id=quote(row["subject_id"], safe="")) if link else "",
    )


def _mark(rows: list[dict[str, Any]], language: Language) -> str:
    """What stands out of all that is told of a ticket: that a promise is broken, else the least time that is left."""
    if any(row["kind"] == "promise_broken" for row in rows):
        return WORDS[language]["broken"]
    left = min((row["minutes_left"] for row in rows if row["minutes_left"] is not None), default=None)
    return "" if left is None else WORDS[language]["left"].format(left=_left(left, language))


def _values(row: dict[str, Any], recipient: _Recipient) -> dict[str, Any]:
    """What the wording may name."""
    language, priority = recipient.language, row["priority"] or "–"
    at = row["at"].astimezone(ZoneInfo(recipient.calendar.timezone))
    return {
        "ticket": short(row["subject"]), "company": short(row["company_name"]), "customer": short(row["customer_name"]),
        "group": short(row["group_name"]), "priority": PRIORITIES[language].get(priority, priority),
        "agent": short(row["assignee_name"]),
        "promise": WORDS[language].get(row["measure"], ""), "at": at.strftime(WORDS[language]["at"]),
        "left": "–" if row["minutes_left"] is None else _left(row["minutes_left"], language),
        "tickets": str(row["tickets"]), "usual": str(row["usual"]), "comment": short(row["comment"]),
        "reason": REASONS[language].get(row["reason"] or "", row["reason"] or ""),
    }  # fmt: skip


def _left(minutes: Decimal, language: Language) -> str:
    """``1 h 20 min``, ``1 小时 20 分钟``: minutes of the promise's own clock, rounded as in the report."""
    hours, rest = divmod(int(minutes.quantize(Decimal(1), ROUND_HALF_UP)), 60)
    hour, minute = ("h", "min") if language == "en" else ("小时", "分钟")
    parts = [f"{hours} {hour}"] if hours else []
    return " ".join([*parts, f"{rest} {minute}"] if rest or not hours else parts)
