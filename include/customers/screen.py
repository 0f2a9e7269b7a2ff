"""One customer on one screen: who they are and which record gave each value, and all that we have to do with them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from include.customers.search import Hit
from include.reports.words import cut, listed, money, number, plain, plural, share
from include.settings import SQL

Row = dict[str, Any]

SHOWN = 10  # the newest so many records, deals, tickets, orders and changes of identity
WIDEST = 60
NAMES = {
    "email": "e-mail", "phone": "telephone", "job_title": "job", "company_name": "company", "website": "web site",
    "house_number": "house", "postcode": "postal code", "birth_date": "born", "lifecycle_stage": "stage",
}  # fmt: skip
FIELDS = (
    "full_name", "given_name", "family_name", "email", "phone", "job_title", "company_name", "website", "street",
    "house_number", "unit", "postcode", "city", "state", "country", "language", "birth_date", "lifecycle_stage",
)  # fmt: skip


@dataclass(frozen=True)
class Screen:
    """A customer as the warehouse has them now, each part as rows of its query in sql/report/customer_screen_….sql.

    ``customer`` is their row of mart.customer_360, ``company`` of core.dim_company, ``value`` of mart.customer_value.
    """

    customer: Row
    company: Row | None
    records: Sequence[Row]
    deals: Sequence[Row]
    tickets: Sequence[Row]
    orders: Sequence[Row]
    value: Row | None
    changes: Sequence[Row]


def customer_screen(connection: psycopg.Connection, customer_id: str) -> Screen | None:
    """All there is on one screen of a customer; None when mart.customer_360 has no such."""
    cursor = connection.cursor(row_factory=dict_row)

    def rows(name: str) -> list[Row]:
        statement = (SQL / "report" / f"customer_screen_{name}.sql").read_bytes()
        return cursor.execute(statement, {"customer_id": customer_id, "most": SHOWN}).fetchall()

    customer = cursor.execute("select * from mart.customer_360 where customer_id = %s", [customer_id]).fetchone()
    if not customer:
        return None
    company = cursor.execute(
        "select * from core.dim_company where company_id = %s and is_current", [customer["company_id"]]
    ).fetchone()
    valued = cursor.execute("select to_regclass('mart.customer_value') is not null as is_there").fetchone()
    value = None
    if valued and valued["is_there"]:
        value = cursor.execute("select * from mart.customer_value where customer_id = %s", [customer_id]).fetchone()
    return Screen(
        customer, company, rows("records"), rows("deals"), rows("tickets"), rows("orders"), value, rows("changes")
    )


def screen_text(screen: Screen) -> str:
    """The screen for a terminal; what sources wrote comes without control characters, on one line."""
    return "\n".join(
        line
        for part in (_who, _records, _deals, _tickets, _orders, _value, _changes)
        for line in part(screen)
    )  # fmt: skip


def hits_text(hits: Sequence[Hit]) -> str:
    """Customers that were found, two lines each: who, and by what."""
    lines = []
    for hit in hits:
        who = [hit.email, hit.phone, hit.company_name]
        lines.append(
            f"{hit.customer_id}  {_told(hit.full_name or '–')}  {', '.join(_told(w) for w in who if w)}".rstrip()
        )
        touched = f"; last touch {_day(hit.last_touch_at)}" if hit.last_touch_at else ""
        lines.append(f"  {', '.join(_told(reason) for reason in hit.reasons)}{touched}")
    return "\n".join(lines)


def _told(value: Any) -> str:
    return cut(plain(str(value)), WIDEST)


def _day(instant: datetime | date | None) -> str:
    return f"{instant:%Y-%m-%d}" if instant else "–"


def _who(screen: Screen) -> Iterator[str]:
    customer = screen.customer
    yield f"{_told(customer['full_name'] or customer['email'] or 'no name')}  {customer['customer_id']}"
    for field in FIELDS:
        if customer[field] is None:
            continue
        by = customer["given_by"].get(field)
        from_company = field in customer["filled_from"] or (field == "company_name" and not by)
        source = f"of the company {customer['company_id']}" if from_company else f"of {_told(by)}" if by else ""
        yield f"  {NAMES.get(field, field.replace('_', ' ')):<12} {_told(customer[field]):<40} {source}".rstrip()
    if company := screen.company:
        told = [company["name"], company["domain"], company["industry"], company["city"], company["country"]]
        yield f"  company {company['company_id']}: {', '.join(_told(part) for part in told if part)}"
    if customer["owner_name"] or customer["owner_id"]:
        yield f"  owner        {_told(customer['owner_name'] or customer['owner_id'])}"
    yield (
        f"  known since {_day(customer['first_seen_at'])} from {listed([_told(s) for s in customer['sources']])};"
        f" last touch {_day(customer['last_touch_at'])}; completeness {share(customer['completeness'])}"
    )


def _section(heading: str, rows: Sequence[Row], count: int, line: Any) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield heading
    for row in rows:
        yield f"  {line(row)}".rstrip()
    if count > len(rows):
        yield f"  and {number(count - len(rows))} more"


def _records(screen: Screen) -> Iterator[str]:
    count = screen.customer["records"]
    yield from _section(
        plural(count, "record"),
        screen.records,
        count,
        lambda row: (
            f"{_told(row['record_id'])}  {_day(row['version_at'])}  "
            + ", ".join(_told(row[f]) for f in ("full_name", "email", "phone", "company_name") if row[f])
            + ("  (deleted there)" if row["is_deleted"] else "")
        ),
    )


def _deals(screen: Screen) -> Iterator[str]:
    customer = screen.customer
    currency = customer["deal_currency"] or "XXX"
    heading = (
        f"{plural(customer['deals'], 'deal')}: {number(customer['open_deals'])} open for"
        f" {money(customer['open_amount'], currency)}, {number(customer['won_deals'])} won for"
        f" {money(customer['won_amount'], currency)}, {number(customer['lost_deals'])} lost"
        f"{_others(customer['deals_in_other_currencies'])}"
    )
    yield from _section(
        heading,
        screen.deals,
        customer["deals"],
        lambda row: (
            f"{_day(row['created_at'])}  {row['status']:<4}  {_told(row['stage_name'])}  "
            f"{money(row['amount'], row['currency'])}  {_told(row['deal_name'] or row['deal_id'])}  "
            f"{_told(row['rep_name'] or '')}"
        ),
    )


def _others(count: int) -> str:
    return f"; {number(count)} in other currencies, not in these amounts" if count else ""


def _tickets(screen: Screen) -> Iterator[str]:
    customer = screen.customer
    heading = (
        f"{plural(customer['tickets'], 'ticket')}: {number(customer['open_tickets'])} open; rated good"
        f" {number(customer['good_ratings'])}, bad {number(customer['bad_ratings'])}"
    )
    yield from _section(
        heading,
        screen.tickets,
        customer["tickets"],
        lambda row: (
            f"{_day(row['created_at'])}  {_told(row['status'])}  {_told(row['subject'] or row['ticket_id'])}"
            + (f"  ({row['satisfaction']})" if row["satisfaction"] else "")
        ),
    )


def _orders(screen: Screen) -> Iterator[str]:
    customer = screen.customer
    heading = (
        f"{plural(customer['orders'], 'order')} for"
        f" {money(customer['order_amount'], customer['order_currency'] or 'XXX')}"
        f"{_others(customer['orders_in_other_currencies'])}"
    )
    yield from _section(
        heading,
        screen.orders,
        customer["orders"],
        lambda row: f"{_day(row['ordered_at'])}  {_told(row['order_id'])}  {money(row['amount'], row['currency'])}",
    )


def _value(screen: Screen) -> Iterator[str]:
    value = screen.value
    if not value:
        return
    told = [
        f"segment {_told(value['segment'])}" if value["segment"] else "",
        f"buys still with {share(value['p_alive'])}" if value["p_alive"] is not None else "",
        f"{number(value['expected_purchases'])} purchases ahead" if value["expected_purchases"] is not None else "",
        f"lifetime value {money(value['lifetime_value'], value['currency'] or 'XXX')}"
        if value["lifetime_value"] is not None
        else "",
        f"churn risk {share(value['churn_risk'])}" if value["churn_risk"] is not None else "",
    ]
    if any(told):
        yield ""
        yield f"Value, {_day(value['as_of_on'])}: {'; '.join(part for part in told if part)}"


def _changes(screen: Screen) -> Iterator[str]:
    count = screen.changes[0]["changes"] if screen.changes else 0
    yield from _section(
        "Changes of identity",
        screen.changes,
        count,
        lambda row: (
            f"{_day(row['changed_at'])}  {row['change']}  {_told(row['record_id'])}: {row['other_id']} →"
            f" {row['canonical_id']}, {_told(row['reason'])}"
        ),
    )
