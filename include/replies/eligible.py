"""Which tickets may be answered at all, whatever they ask: the first answer to a question that a customer wrote."""

import re
from dataclasses import dataclass
from datetime import datetime

from include.replies.config import Sending
from include.service.config import When

# Mailboxes that no person reads, and subjects of mail that programs write (after RFC 3834 and RFC 2142). A help desk
# does not tell headers of mail such as Auto-Submitted; it keeps most of such mail out by them itself.
_MACHINE_MAILBOX = re.compile(
    r"(?:mailer-daemon|postmaster|(?:no|do-?not|dont)[-_.]?reply|bounces?|notifications?|alerts?|newsletters?|news"
    r"|listserv|majordomo|mailman|owner-.+|.+-(?:request|owner|bounces|announce)|auto-?(?:reply|responder|mailer).*)"
    r"(?:[+=].*)?"
)
_MACHINE_SUBJECT = re.compile(
    r"\W*(?:(?:re|fw|fwd|aw|wg|sv|回复|答复)\s*[:：]\s*)*\W*"
    r"(?:auto(?:matic|mated)?[- ]?(?:reply|response|antwort)|automatische antwort|abwesenheit|out of (?:the )?office"
    r"|r[eé]ponse automatique|respuesta autom[aá]tica|undeliver(?:able|ed)|delivery (?:status|fail|has failed)"
    r"|delayed mail|returned mail|mail delivery|failure notice|unzustellbar|read:|gelesen:"
    r"|自动(?:回复|答复)|(?:系统)?退信"
    r"|\[[^\]]{1,40}\] (?:digest|vol\b))",
    re.I,
)


@dataclass(frozen=True)
class Ticket:
    """A ticket, and who wrote it.

    :param customer: who asks: the customer where records are linked, else the help desk's key of the person.
    :param mailbox: the address that asks; None where there is none.
    :param is_agent: whether one of the help desk's agents asks.
    """

    source: str
    ticket_id: str
    subject: str | None
    updated_at: datetime | None
    status: str | None
    channel: str | None
    tags: str | None
    group_key: str | None
    group_name: str | None
    company_name: str | None
    customer_segment: str | None
    customer: str
    mailbox: str | None
    is_agent: bool


@dataclass(frozen=True)
class Question(Ticket):
    """A ticket as sql/reply/question.sql tells it.

    :param outbox_id: an answer that waits from an earlier run.
    :param messages: public messages on the ticket so far, of these ``agent_messages`` of agents.
    """

    description: str | None
    outbox_id: int | None
    messages: int
    agent_messages: int


def held_why(question: Question, sending: Sending) -> str | None:
    """Why a ticket is left to people before anyone reads what it asks; None when it may be answered."""
    if question.status not in ("new", "open"):
        return f"{question.status or 'no status'}"
    if question.agent_messages:
        return "an agent has written"
    if question.messages > 1:
        return "more than one message"
    return not_written_to_why(question, sending)


def not_written_to_why(ticket: Ticket, sending: Sending) -> str | None:
    """Why nothing is written on a ticket without a person, whatever it says; None when that may be."""
    local, _, domain = (ticket.mailbox or "").lower().rpartition("@")
    own = {name.lower() for name in sending.own_domains}
    if ticket.is_agent or any(domain == name or domain.endswith(f".{name}") for name in own):
        return "one of us asks"
    if _MACHINE_MAILBOX.fullmatch(local) or _MACHINE_SUBJECT.match((ticket.subject or "")[:300]):
        return "an automatic message"
    if ticket.updated_at is None:
        return "no time of its last change"
    if any(_fits(rule, ticket) for rule in sending.never):
        return "never"
    return None


def _fits(rule: When, ticket: Ticket) -> bool:
    told: dict[str, list[str | None]] = {
        "source": [ticket.source], "group": [ticket.group_key, ticket.group_name],
        "channel": [ticket.channel], "company": [ticket.company_name], "segment": [ticket.customer_segment],
        "tag": [*(ticket.tags or "").split(",")],
    }  # fmt: skip
    return all(
        {value.strip().lower() for value in told[field] if value} & {value.lower() for value in values}
        for field, values in rule.conditions()
    )
