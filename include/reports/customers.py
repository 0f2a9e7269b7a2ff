"""The customers report: who they are, who is new, who buys, and what is known of them."""

from decimal import Decimal
from typing import Any

from include.reports import doubts
from include.reports.blocks import grid, over_time, ranked, ratio
from include.reports.charts import Bar
from include.reports.frame import Frame
from include.reports.model import Block, Column, Report, Section, Sentence, Table, Tile
from include.reports.reader import Reader, Row
from include.reports.segments import SEGMENTS, bounds, segment
from include.reports.words import compare, money, more_or_less, name, number, plural, share, unit

NO_REVENUE: Row = {
    "currency": "XXX", "orders": 0, "revenue": Decimal(0), "previous_orders": 0, "previous_revenue": Decimal(0),
}  # fmt: skip
FIELDS = ("name", "email", "phone", "company", "country", "language")
FIELD_COLUMNS = {
    "Name": "with_full_name",
    "E-mail": "with_email",
    "Telephone": "with_phone",
    "Company": "with_company_name",
    "Country": "with_country",
    "Language": "with_language",
}
SCORES = range(1, 6)


def build(reader: Reader, frame: Frame) -> Report:
    """The customers report of a frame; amounts are in the currency with the most revenue in the window."""
    reader.rows("customers_customer_state")
    figures = {row["period"]: row for row in reader.rows("customers_figures")}
    now, before = figures["current"], figures["previous"]
    revenues = reader.rows("customers_revenue")
    main = revenues[0] if revenues else NO_REVENUE
    currency = main["currency"]
    reader.rows("customers_rfm_score", currency=currency)
    scores = reader.rows("customers_rfm")
    days = reader.rows("customers_days", currency=currency)
    filled = reader.rows("customers_completeness")[0]
    return Report(
        subject="customers",
        title="Customers",
        changes=[*_changes(frame, now, before, main), *_segment_change(scores), *_usual(frame, days)],
        doubts=[*doubts.of_sources(reader, frame), *_doubts(now, main, revenues)],
        tiles=_tiles(frame, now, before, main, filled),
        sections=[
            Section("New customers and revenue", _over_time(frame, days, currency)),
            Section("Segments", _segments(scores, currency)),
            Section("Top customers", _top(reader, currency)),
            Section("Where they are", _countries(reader)),
            Section("What is known of them", _known(reader, filled)),
        ],
    )


def _amounts(currency: str) -> str:
    return f", {unit(currency)}" if unit(currency) else ""


def _changes(frame: Frame, now: Row, before: Row, main: Row) -> list[str]:
    flow = frame.flow
    new, orders, revenue = now["new_customers"], now["orders"], main["revenue"]
    said = [
        f"{plural(new, 'new customer')}, {more_or_less(new, before['new_customers'], 'count', flow)}: "
        f"{number(now['known_customers'])} are known now."
    ]
    if orders:
        buyers = now["ordering_customers"]
        said.append(
            f"{plural(buyers, 'customer')} gave {plural(orders, 'order')}, "
            f"{more_or_less(orders, before['orders'], 'count', flow)}, for {money(revenue, main['currency'])}, "
            f"{more_or_less(revenue, main['previous_revenue'], 'amount', flow)}."
        )
    else:
        said.append(f"No order came in; {flow.at} there {plural(before['orders'], 'was', 'were')}.")
    if now["known_customers"]:
        with_orders = ratio(now["customers_with_orders"], now["known_customers"])
        said.append(
            f"{number(now['customers_with_orders'])} of {plural(now['known_customers'], 'customer')} have ever ordered"
            f" ({share(with_orders or 0)}); {number(now['in_several_sources'])} are known from more than one source."
        )
    return said
