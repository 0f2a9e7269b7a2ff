"""Replies: templates that may name nothing but what is known of the one customer that they go to."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from jinja2 import TemplateSyntaxError, Undefined, UndefinedError, meta
from jinja2.exceptions import SecurityError, TemplateAssertionError

from include.actions.wording import PLAIN, template
from include.customers.cleaning.text import tidy
from include.settings import SQL

# No source here tells when an order has arrived: those of so many days may still be open.
OPEN_DAYS = 90
MOST_ORDERS = 5
# A name that is longer is none.
LONGEST_VALUE = 100


class ReplyError(ValueError):
    """A reply that cannot be composed: names the field that is missing, or what is wrong with the template."""


@dataclass(frozen=True)
class Order:
    """An order of the customer; its currency is XXX where the source tells none."""

    order_id: str
    ordered_on: date
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class Facts:
    """All that a reply may name. None, and no orders: not known.

    :param name, given_name, email: of the customer.
    :param company_name: of their company.
    :param owner_name: the sales rep who looks after them.
    :param value_group: RFM segment, as in value.yaml.
    :param orders: those of the last `OPEN_DAYS` days, at most `MOST_ORDERS`, the newest first.
    :param open_tickets: their tickets that are neither solved nor closed, this one among them.
    :param ticket_id: the ticket that is answered.
    """

    name: str | None = None
    given_name: str | None = None
    email: str | None = None
    company_name: str | None = None
    owner_name: str | None = None
    value_group: str | None = None
    orders: tuple[Order, ...] = ()
    open_tickets: int = 0
    ticket_id: str | None = None


FIELDS = tuple(field.name for field in fields(Facts))
SAMPLE = Facts(
    "Ann Lee", "Ann", "ann@acme.example", "Acme", "Maya Castellanos", "Loyal",
    (Order("A-1", date(2026, 11, 2), Decimal("420.00"), "EUR"), Order("A-2", date(2026, 11, 9), Decimal(89), "XXX")),
    2, "10001",
)  # fmt: skip


class _Missing(Undefined):
    """A field that the customer lacks: false in an {% if %}, an error where it is printed."""

    def __str__(self) -> str:
        raise ReplyError(f"{self._undefined_name} is missing")


def ticket_facts(
    connection: psycopg.Connection, tickets: Iterable[tuple[str, str]], known_to: date
) -> dict[tuple[str, str], Facts]:
    """What a reply to each ticket may tell: of its customer, and of these only what the asking address stands for.

    Linking may have taken two people for one. So a value is left out when a record of another address gave it, and so
    are orders and tickets of other addresses.

    :param tickets: (source, ticket_id) each; those that core.fct_ticket does not have are left out.
    :param known_to: the last day of orders that count.
    """
    asked = sorted(set(tickets))
    rows = connection.execute(
        (SQL / "reply" / "ticket_facts.sql").read_bytes(),
        {
            "sources": [source for source, _ in asked], "ticket_ids": [ticket_id for _, ticket_id in asked],
            "known_to": known_to, "since": known_to - timedelta(days=OPEN_DAYS), "most": MOST_ORDERS,
        },
    ).fetchall()  # fmt: skip
    names = ("name", "given_name", "email", "company_name", "owner_name", "value_group")
    found = {}
    for source, ticket_id, *told, orders, open_tickets in rows:
        listed = tuple(Order(o[0], date.fromisoformat(o[1]), Decimal(o[2]), o[3]) for o in orders)
        values = dict(zip(names, told, strict=True))
        found[source, ticket_id] = Facts(**values, orders=listed, open_tickets=open_tickets, ticket_id=ticket_id)
    return found


def lacks(needs: Iterable[str], facts: Facts) -> list[str]:
    """Which of the fields that a reply needs are not known: with any, the reply is not for this customer."""
    return [name for name in needs if not _told(facts, name)]


def compose(parts: Iterable[str], language: str, facts: Facts) -> str:
    """A reply, as plain text: its templates filled in, one paragraph after another.

    Templates run in a sandbox, and only they do: what customers are called or write is printed as it is.

    :param parts: the templates: opening, reply, closing.
    :param language: dates and amounts are written as in that language, BCP 47.
    :raises ReplyError: when a template prints a field that is missing, or cannot be filled.
    """
    names = _names(facts, language)
    try:
        return "\n\n".join(template(part, is_html=False).render(names).strip() for part in parts) + "\n"
    except (UndefinedError, SecurityError) as error:
        raise ReplyError(str(error)) from None


def check(text: str, language: str, needs: Iterable[str]) -> None:
    """Check a template by filling it: for a customer of whom all is known, and for one of whom just what it needs is.

    :raises ValueError: when it is no template, names something else than `FIELDS`, or prints what a customer may lack.
    """
    try:
        unknown = meta.find_undeclared_variables(PLAIN.parse(text)) - set(FIELDS)
    except (TemplateSyntaxError, TemplateAssertionError) as error:
        raise ValueError(f"{language}: line {error.lineno}: {error.message}") from None
    if unknown:
        raise ValueError(f"{language}: there is no {', '.join(sorted(unknown))}; there is {', '.join(FIELDS)}")
    needed = Facts(**{name: getattr(SAMPLE, name) for name in (*needs, "open_tickets")})
    try:
        compose([text], language, SAMPLE)
        compose([text], language, needed)
    except ReplyError as error:
        told = "for some customers: name it under needs, or print it inside {% if … %}"
        raise ValueError(f"{language}: {error} {told if 'missing' in str(error) else ''}".strip()) from None
    except Exception as error:  # a template may raise anything
        raise ValueError(f"{language}: cannot be filled: {type(error).__name__}: {error}") from None


def _names(facts: Facts, language: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in FIELDS:
        value = _told(facts, name)
        found[name] = _Missing(name=name) if value is None else value
    found["orders"] = [
        {"order_id": tidy(o.order_id), "ordered_on": _day(o.ordered_on, language), "amount": _amount(o, language)}
        for o in facts.orders
    ]
    return found


def _told(facts: Facts, name: str) -> Any:
    """A field; text on one line, and None where it is no name but a text, or leads somewhere."""
    value = getattr(facts, name)
    if not isinstance(value, str):
        return value
    value = tidy(value)
    is_name = 0 < len(value) <= LONGEST_VALUE and "://" not in value and "www." not in value.lower()
    return value if is_name else None


def _day(day: date, language: str) -> str:
    return format_date(day, "long", locale=language.replace("-", "_"))


def _amount(order: Order, language: str) -> str:
    locale = language.replace("-", "_")
    if order.currency == "XXX":
        return format_decimal(order.amount, locale=locale)
    return format_currency(order.amount, order.currency, locale=locale)
