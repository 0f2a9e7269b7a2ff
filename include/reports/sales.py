"""The sales report: what was won, what is open, how deals move."""

from decimal import Decimal
from fractions import Fraction

from include.reports import doubts
from include.reports.blocks import over_time, ranked, ratio
from include.reports.charts import Bar, ranked_bars
from include.reports.frame import Frame
from include.reports.model import Block, Column, Picture, Report, Section, Sentence, Table, Tile
from include.reports.reader import Reader, Row
from include.reports.words import compare, listed, money, more_or_less, name, number, plural, sentence, share, unit

NO_FIGURES: Row = {
    "currency": "XXX", "created_deals": 0, "created_amount": Decimal(0), "won_deals": 0, "won_amount": Decimal(0),
    "won_without_amount": 0, "deal_size": None, "lost_deals": 0, "lost_amount": Decimal(0), "mean_cycle_days": None,
    "median_cycle_days": None, "cycles": 0, "open_deals": 0, "pipeline": Decimal(0), "weighted_pipeline": Decimal(0),
    "open_without_amount": 0, "open_without_stage": 0, "known_deals": 0, "deals_without_account": 0,
    "closed_without_date": 0,
}  # fmt: skip


def build(reader: Reader, frame: Frame) -> Report:
    """The sales report of a frame; amounts are in the currency with the most won amount in the window."""
    reader.rows("sales_open_deal")
    figures = reader.rows("sales_figures")
    total, before = _of(figures, "current"), _of(figures, "previous")
    currencies = [
        row for row in figures if row["period"] == "current" and not row["is_total"] and row["currency"] is not None
    ]
    currency = currencies[0]["currency"] if currencies else "XXX"
    main, main_before = _of(figures, "current", currency), _of(figures, "previous", currency)
    reps = reader.rows("sales_reps", currency=currency)
    products = reader.rows("sales_products", currency=currency)
    oldest = reader.rows("sales_oldest_in_stage")
    stages = reader.rows("sales_stages")
    days = reader.rows("sales_days", currency=currency)
    return Report(
        subject="sales",
        title="Sales",
        changes=_changes(frame, total, before, main, main_before, reps, products, days),
        doubts=[
            *doubts.of_sources(reader, frame),
            *_doubts(total, main, currencies),
            *doubts.of_few(total["won_deals"] + total["lost_deals"], "win rate", "closed deal"),
        ],
        tiles=_tiles(frame, total, before, main, main_before),
        sections=[
            Section("Bookings", _bookings(frame, days, currency)),
            Section("Pipeline", _pipeline(reader, currency, main)),
            Section("From stage to stage", _stages(stages)),
            Section("Reps", _reps(reps, currency)),
            Section("Products", _products(products, currency)),
            Section("Teams and regions", _teams(reader, currency)),
            Section("Deals to look at", _open_deals(reader, oldest, stages, currency)),
        ],
    )


def velocity(row: Row) -> Decimal | None:
    """Open deals × win rate × average deal size ÷ mean sales cycle in days: money a day; None when a part is missing.

    :param row: figures of one currency.
    """
    rate = ratio(row["won_deals"], row["won_deals"] + row["lost_deals"])
    if rate is None or row["deal_size"] is None or not row["mean_cycle_days"]:
        return None
    return row["open_deals"] * rate * row["deal_size"] / row["mean_cycle_days"]


def _of(figures: list[Row], period: str, currency: str | None = None) -> Row:
    for row in figures:
        if row["period"] == period and row["is_total"] == (currency is None) and row["currency"] == currency:
            return row
    return {**NO_FIGURES, "currency": currency}


def _rate(row: Row) -> Decimal | None:
    return ratio(row["won_deals"], row["won_deals"] + row["lost_deals"])


def _amount_rate(row: Row) -> Decimal | None:
    return ratio(row["won_amount"], row["won_amount"] + row["lost_amount"])


def _changes(
    frame: Frame,
    total: Row,
    before: Row,
    main: Row,
    main_before: Row,
    reps: list[Row],
    products: list[Row],
    days: list[Row],
) -> list[str]:
    currency, flow = main["currency"], frame.flow
    said = []
    if total["won_deals"] or before["won_deals"]:
        said.append(
            f"{sentence(plural(total['won_deals'], 'deal'))} {_were(total['won_deals'])} won, "
            f"{more_or_less(total['won_deals'], before['won_deals'], 'count', flow)}, "
            f"for {money(main['won_amount'], currency)}, "
            f"{more_or_less(main['won_amount'], main_before['won_amount'], 'amount', flow)}."
        )
    else:
        said.append(f"No deal was won in this window, and none {flow.at}.")
    rate, rate_before = _rate(total), _rate(before)
    if rate is not None:
        closed = total["won_deals"] + total["lost_deals"]
        told = f"{share(rate)} of the {plural(closed, 'deal')} that closed {_were(closed)} won"
        said.append(f"{told}; {flow.at} it was {share(rate_before)}." if rate_before is not None else f"{told}.")
    said.append(
        f"{sentence(plural(total['created_deals'], 'new deal'))} came in, "
        f"{more_or_less(total['created_deals'], before['created_deals'], 'count', flow)}; "
        f"{plural(total['open_deals'], 'deal')} {_were(total['open_deals'])} open at the end"
        f"{f', worth {money(main["pipeline"], currency)}' if main['pipeline'] else ''}."
    )
    if main["won_amount"] > 0:
        said.append(
            f"Most of it came from {name(reps[0]['rep_name'], 'deals without a rep')} "
            f"({money(reps[0]['won_amount'], currency)}) and, by product, from "
            f"{name(products[0]['product_name'], 'deals without a product')} "
            f"({money(products[0]['won_amount'], currency)})."
        )
    if frame.length == 1:
        buckets = frame.buckets()
        won = sum(row["won_deals"] for row in days)
        said.append(
            f"Over the {len(buckets)} days up to here, {number(Fraction(won, len(buckets)))} deals a day were won."
        )
    return said
