"""The customers report: who they are, who is new, who buys, and what is known of them."""

from datetime import date
from decimal import Decimal

from include.customers.value.config import SCORES, load_value_config
from include.reports import doubts
from include.reports.blocks import grid, over_time, ranked, ranking, ratio
from include.reports.charts import Bar
from include.reports.frame import Frame
from include.reports.model import Block, Column, Report, Section, Sentence, Table, Tile
from include.reports.quality import quality
from include.reports.reader import Reader, Row
from include.reports.words import (
    compare,
    day,
    listed,
    money,
    more_or_less,
    name,
    number,
    plural,
    sentence,
    share,
    unit,
)

NO_REVENUE: Row = {
    "currency": "XXX", "orders": 0, "revenue": Decimal(0), "previous_orders": 0, "previous_revenue": Decimal(0),
}  # fmt: skip
FIELD_COLUMNS = {
    "Name": "with_full_name",
    "E-mail": "with_email",
    "Telephone": "with_phone",
    "Company": "with_company_name",
    "Country": "with_country",
    "Language": "with_language",
}


def build(reader: Reader, frame: Frame) -> Report:
    """The customers report of a frame; amounts are in the currency with the most revenue in the window."""
    reader.rows("customers_customer_state")
    figures = {row["period"]: row for row in reader.rows("customers_figures")}
    now, before = figures["current"], figures["previous"]
    revenues = reader.rows("customers_revenue")
    main = revenues[0] if revenues else NO_REVENUE
    currency = main["currency"]
    reader.rows("customers_rfm_score")
    scores = reader.rows("customers_rfm", currency=currency)
    days = reader.rows("customers_days", currency=currency)
    filled = reader.rows("customers_completeness")[0]
    return Report(
        subject="customers",
        title="Customers",
        changes=[*_changes(frame, now, before, main), *_segment_change(scores), *_usual(frame, days)],
        doubts=[
            *doubts.of_sources(reader, frame),
            *_first_read(reader.rows("customers_first_read")),
            *_doubts(now, main, revenues),
        ],
        tiles=_tiles(frame, now, before, main, filled),
        sections=[
            Section("New customers and revenue", _over_time(frame, days, currency)),
            Section("Segments", [*_segments(scores, currency), _migration(reader)]),
            Section("Top customers", _top(reader, currency)),
            Section("What customers are worth", _worth(reader, frame, currency)),
            Section("Groups of alike customers", _clusters(reader, frame, currency)),
            Section("Where they are", _countries(reader)),
            Section("What is known of them", _known(reader, filled)),
            Section("How complete the sources are", quality(reader, frame)),
        ],
    )


def _amounts(currency: str) -> str:
    return f", {unit(currency)}" if unit(currency) else ""


def _changes(frame: Frame, now: Row, before: Row, main: Row) -> list[str]:
    flow = frame.flow
    new, orders, revenue = now["new_customers"], now["orders"], main["revenue"]
    said = [
        f"{sentence(plural(new, 'new customer'))}, {more_or_less(new, before['new_customers'], 'count', flow)}: "
        f"{number(now['known_customers'])} are known at the end."
    ]
    if orders:
        buyers = now["ordering_customers"]
        revenue_before = main["previous_revenue"]
        against = f", {more_or_less(revenue, revenue_before, 'amount', flow)}" if revenue_before else ""
        said.append(
            f"{sentence(plural(orders, 'order'))} came in from {plural(buyers, 'known customer')}, "
            f"{more_or_less(orders, before['orders'], 'count', flow)}, for {money(revenue, main['currency'])}{against}."
        )
    else:
        said.append(f"No order came in, after {plural(before['orders'], 'order')} {flow.at}.")
    if now["known_customers"]:
        with_orders = ratio(now["customers_with_orders"], now["known_customers"])
        said.append(
            f"{number(now['customers_with_orders'])} of {plural(now['known_customers'], 'customer')} have ever ordered"
            f" ({share(with_orders or 0)}); {number(now['in_several_sources'])} are known from more than one source."
        )
    return said


def _segment_change(scores: list[Row]) -> list[str]:
    total = sum(row["customers"] for row in scores)
    if not total:
        return []
    best = sum(row["customers"] for row in scores if row["recency_score"] == 5 and row["frequency_score"] >= 4)
    quiet = sum(row["customers"] for row in scores if row["recency_score"] <= 2 and row["frequency_score"] >= 3)
    return [
        f"Of {plural(total, 'customer')} who ever bought, {number(best)} buy often and did so lately, and "
        f"{number(quiet)} used to buy often and have gone quiet."
    ]


def _usual(frame: Frame, days: list[Row]) -> list[str]:
    """A single day says little: what is usual."""
    if frame.length > 1:
        return []
    count = len(frame.buckets())
    new, orders = (Decimal(sum(row[what] for row in days)) / count for what in ("new_customers", "orders"))
    return [
        f"Over the {count} days up to here a day had {number(new)} new customers and {number(orders)} orders "
        "on average."
    ]


def _first_read(rows: list[Row]) -> list[str]:
    """A sentence for each source whose first reading, and not their coming, made customers new."""
    return [
        f"{number(row['customers'])} of the new customers were there when {name(row['source'])} was first read, on "
        f"{day(row['day_on'])}: since when they are customers, the source does not tell."
        for row in rows
    ]


def _doubts(now: Row, main: Row, revenues: list[Row]) -> list[str]:
    said = []
    others = [
        f"{money(row['revenue'], row['currency'])}{' (no currency told)' * (row['currency'] == 'XXX')}"
        for row in revenues[1:]
        if row["revenue"]
    ]
    if others:
        here = unit(main["currency"]) or "orders without a currency"
        said.append(f"Amounts here are in {here}; not converted and not in them: {listed(others)} of revenue.")
    elif main["currency"] == "XXX" and revenues:
        said.append("The sources tell no currency, so amounts have no unit.")
    if len(revenues) > 1:
        said.append(
            "Segments go by purchases in every currency. The amounts in them, top customers and lifetime values are of "
            "customers who buy in the currency shown on most days."
        )
    if now["orders_of_nobody"]:
        n = now["orders_of_nobody"]
        said.append(f"{plural(n, 'order belongs', 'orders belong')} to nobody who is known.")
    return said


def _tiles(frame: Frame, now: Row, before: Row, main: Row, filled: Row) -> list[Tile]:
    flow, stock, money_unit = frame.flow, frame.stock, unit(main["currency"])

    def count(label: str, key: str, term: str, better: str | None = "up", phrase=flow) -> Tile:
        return Tile(label, "count", now[key], term, "", compare("count", now[key], before[key], phrase, better))

    def amount(label: str, value: Decimal | None, then: Decimal | None, term: str) -> Tile:
        return Tile(label, "amount", value, term, money_unit, compare("amount", value, then, flow, "up"))

    return [
        count("New customers", "new_customers", "new_customers"),
        count("Customers known", "known_customers", "known_customers", None, stock),
        count("Customers with orders", "customers_with_orders", "with_orders", None, stock),
        count("Ordering customers", "ordering_customers", "ordering_customers"),
        count("Orders", "orders", "orders"),
        amount("Revenue", main["revenue"], main["previous_revenue"], "revenue"),
        amount(
            "Average order value",
            ratio(main["revenue"], main["orders"]),
            ratio(main["previous_revenue"], main["previous_orders"]),
            "order_value",
        ),
        count("In several sources", "in_several_sources", "several_sources", None, stock),
        Tile("Completeness", "share", filled["completeness"], "completeness"),
    ]


def _over_time(frame: Frame, days: list[Row], currency: str) -> list[Block]:
    return [
        over_time(
            frame,
            "New customers",
            {row["day_on"]: row["new_customers"] for row in days},
            "new_customers",
            "No customer was first seen",
        ),
        over_time(
            frame,
            f"Revenue{_amounts(currency)}",
            {row["day_on"]: row["revenue"] for row in days},
            "revenue",
            "No order came in",
        ),
    ]


def _segment_sizes(scores: list[Row]) -> dict[str, tuple[int, Decimal]]:
    """Segment → customers and what they ever bought."""
    config = load_value_config()
    sizes = {segment.name: (0, Decimal(0)) for segment in config.segments}
    for row in scores:
        label = config.segment(row["recency_score"], row["frequency_score"])
        customers, revenue = sizes[label]
        sizes[label] = (customers + row["customers"], revenue + row["revenue"])
    return sizes


def _segments(scores: list[Row], currency: str) -> list[Block]:
    sizes = _segment_sizes(scores)
    total = sum(customers for customers, _ in sizes.values())
    if not total:
        return [Sentence("Nobody had bought by the end of the window, so there are no segments.")]
    cells = {(row["recency_score"], row["frequency_score"]): row["customers"] for row in scores}
    ranking = sorted(sizes.items(), key=lambda item: -item[1][0])
    columns = [
        Column("Segment", term="segment"),
        Column("Recency"),
        Column("Frequency"),
        Column("Customers", "count", "rfm"),
        Column("Share", "share"),
        Column(f"Bought ever{_amounts(currency)}", "amount", "bought_ever"),
    ]
    rows = [
        [
            s.name,
            _bounds(s.recency),
            _bounds(s.frequency),
            sizes[s.name][0],
            ratio(sizes[s.name][0], total),
            sizes[s.name][1],
        ]
        for s in load_value_config().segments
    ]
    return [
        ranked(
            "Customers by segment",
            [Bar(label, customers) for label, (customers, _) in ranking],
            "segment",
            "Nobody has bought.",
            is_wide=False,
        ),
        grid(
            "Customers by recency and frequency score",
            [f"Recency {score}" for score in reversed(SCORES)],
            [f"Freq. {score}" for score in SCORES],
            [[cells.get((recency, frequency), 0) for frequency in SCORES] for recency in reversed(SCORES)],
            "rfm",
            "Nobody has bought.",
            read="5 is the best fifth: the latest to buy, the most often.",
        ),
        Table("Segments, their scores and their customers", columns, rows),
    ]


def _bounds(scores: tuple[int, int]) -> str:
    return f"{scores[0]}–{scores[1]}" if scores[0] < scores[1] else f"{scores[0]}"


def _migration(reader: Reader) -> Block:
    """From which segment to which customers went, in the last month that was over."""
    rows = reader.rows("customers_migration")
    if not rows:
        return Sentence(
            "From which segment to which customers went can be told once the ends of two months in a row are built."
        )
    month = rows[0]["month_on"]
    segments = [segment.name for segment in load_value_config().segments]
    cells = {(row["segment_before"], row["segment"]): row["customers"] for row in rows}
    before = [*segments, None]
    stayed = sum(customers for (earlier, now), customers in cells.items() if earlier == now)
    known = sum(customers for (earlier, _), customers in cells.items() if earlier)
    return grid(
        f"Customers by segment at the start and at the end of {month:%B %Y}",
        [name or "had not bought" for name in before],
        segments,
        [[cells.get((earlier, now), 0) for now in segments] for earlier in before],
        "migration",
        "Nobody had bought.",
        read="A row is the segment at the start of the month, a column that at its end: "
        f"{number(stayed)} of {number(known)} customers stayed where they were.",
    )


def _top(reader: Reader, currency: str) -> list[Block]:
    rows = reader.rows("customers_top", currency=currency)
    if not rows:
        return [Sentence("Nobody had bought by the end of the window.")]
    columns = [
        Column("Customer"),
        Column("Company"),
        Column("Country"),
        Column("Segment", term="segment"),
        Column("Last bought", "days", "rfm"),
        Column("Days with a purchase", "count", "rfm"),
        Column(f"In the window{_amounts(currency)}", "amount", "revenue"),
        Column(f"Bought ever{_amounts(currency)}", "amount", "bought_ever"),
    ]
    table = [
        [
            _called(row),
            row["company_name"],
            row["country"],
            load_value_config().segment(row["recency_score"], row["frequency_score"]),
            row["recency_days"],
            row["frequency"],
            row["window_revenue"],
            row["revenue"],
        ]
        for row in rows
    ]
    bars = [Bar(_called(row), float(row["revenue"])) for row in rows]
    return [
        ranked(f"What the top customers bought, ever{_amounts(currency)}", bars, "bought_ever", "Nobody has bought."),
        Table("Top customers, by what they bought ever; last bought is days before the window’s end", columns, table),
    ]


def _worth(reader: Reader, frame: Frame, currency: str) -> list[Block]:
    """The customers of the currency who are worth most, each with its intervals."""
    total = reader.rows("customers_value_total", currency=currency)[0]
    if total["as_of_on"] != frame.window.last_day:
        return [_not_kept(total["as_of_on"], "What customers are worth")]
    rows = reader.rows("customers_value_top", currency=currency)
    if not rows:
        return [_no_model(reader, currency, ("bg_nbd", "gamma_gamma"), "What customers are worth cannot be told")]
    terms = load_value_config().lifetime_value
    columns = [
        Column("Customer"),
        Column("Segment", term="segment"),
        Column("P(alive)", "share", "p_alive"),
        Column("From", "share"),
        Column("To", "share"),
        Column("Purchases ahead", "amount", "expected_purchases"),
        Column(f"Spend each{_amounts(currency)}", "amount", "expected_spend"),
        Column(f"Lifetime value{_amounts(currency)}", "amount", "lifetime_value"),
        Column("From", "amount"),
        Column("To", "amount"),
    ]
    keys = ("p_alive", "p_alive_low_95", "p_alive_high_95", "expected_purchases", "expected_spend",
            "lifetime_value", "lifetime_value_low_95", "lifetime_value_high_95")  # fmt: skip
    table = [[_called(row), row["segment"], *(row[key] for key in keys)] for row in rows]
    bars = [Bar(_called(row), row["lifetime_value"], interval=_interval(row)) for row in rows]
    months = f"{terms.horizon_months} months"
    return [
        Sentence(
            f"Of {plural(total['customers'], 'customer')} who buy in this currency, {number(round(total['alive']))} are"
            f" expected to be buying still. They will buy on {number(round(total['expected_purchases']))} days in the"
            f" next {months}, worth {money(round(total['lifetime_value']), currency)} now."
        ),
        ranked(
            f"Lifetime value of the top customers over {months}{_amounts(currency)}, with its 95 % interval",
            bars,
            "lifetime_value",
            "Nobody is worth anything.",
        ),
        Table("Customers worth most; from and to are the 95 % interval of the estimate", columns, table),
    ]


def _interval(row: Row) -> tuple[float, float] | None:
    low, high = row["lifetime_value_low_95"], row["lifetime_value_high_95"]
    return None if low is None else (low, high)


def _not_kept(as_of_on: date | None, what: str) -> Sentence:
    kept = f"of {day(as_of_on)} only, the last day that was built" if as_of_on else "of no day yet"
    return Sentence(f"{what} is kept as of the end {kept}.")


def _no_model(reader: Reader, currency: str, models: tuple[str, ...], what: str) -> Sentence:
    """Why there is no model: too few data, in the words of its run."""
    reasons = {row["model"]: row["reason"] for row in reader.rows("customers_value_reason", currency=currency)}
    told = [reasons[model] for model in models if model in reasons]
    return Sentence(f"{what}: {listed(told) or 'nobody had bought by the end of the last month that was over'}.")


def _clusters(reader: Reader, frame: Frame, currency: str) -> list[Block]:
    """The clusters of customers, how large they are, and what moved since the month before."""
    as_of_on = reader.rows("customers_value_total", currency=currency)[0]["as_of_on"]
    if as_of_on != frame.window.last_day:
        return [_not_kept(as_of_on, "Which customers are alike")]
    rows = reader.rows("customers_clusters")
    if not rows:
        return [_no_model(reader, currency, ("clusters",), "Customers cannot be grouped")]
    total, before = (sum(row[key] for row in rows) for key in ("customers", "customers_before"))
    columns = [
        Column("Group", term="cluster"),
        Column("Customers", "count"),
        Column("Share", "share"),
        Column("Share a month before", "share"),
        Column("New customers", "count"),
        Column("Came from other groups", "count", "drift"),
        Column("Went to other groups", "count", "drift"),
        Column("Last bought, mean", "days"),
        Column("Days with a purchase, mean", "amount"),
    ]
    table = [
        [row["cluster"], row["customers"], ratio(row["customers"], total), ratio(row["customers_before"], before),
         row["new_customers"], row["moved_in"], row["moved_out"], row["mean_recency_days"], row["mean_frequency"]]
        for row in rows
    ]  # fmt: skip
    moved = sum(row["moved_in"] for row in rows)
    return [
        Sentence(
            f"{number(moved)} of {plural(before, 'customer')} of a month before are in another group now "
            f"({share(ratio(moved, before) or 0)})."
        ),
        ranked(
            "Customers by group",
            [Bar(row["cluster"], row["customers"]) for row in rows],
            "cluster",
            "Nobody has bought.",
        ),
        Table("Groups of alike customers, named by what sets them apart", columns, table),
    ]


def _called(row: Row) -> str:
    return row["full_name"] or row["email"] or row["customer_id"]


def _countries(reader: Reader) -> list[Block]:
    rows = reader.rows("customers_countries")
    if not any(row["country"] for row in rows):
        return [Sentence("The country of no customer is known.")]
    bars = [Bar(row["country"] or "not told", row["customers"], row["country"] is not None) for row in rows]
    columns = [
        Column("Country", term="country"),
        Column("Customers", "count", "known_customers"),
        Column("New", "count", "new_customers"),
    ]
    table = [[row["country"] or "not told", row["customers"], row["new_customers"]] for row in rows]
    return [
        ranked("Customers by country", bars, "country", "No customer is known.", rest="other countries", is_wide=False),
        ranking("Countries, by customers", columns, table),
    ]


def _known(reader: Reader, filled: Row) -> list[Block]:
    known = filled["customers"]
    if not known:
        return [Sentence("No customer was known at the end of the window.")]
    shares = sorted(
        ((label, filled[column], ratio(filled[column], known)) for label, column in FIELD_COLUMNS.items()),
        key=lambda field: -field[1],
    )
    sources = reader.rows("customers_sources")
    activity = reader.rows("customers_activity")[0]
    return [
        ranked(
            "Customers with the field filled",
            [Bar(label, count, text=share(part or 0)) for label, count, part in shares],
            "completeness",
            "No field of any customer is filled.",
            is_wide=False,
        ),
        Table(
            "Fields of the golden record",
            [Column("Field", term="completeness"), Column("Filled", "count"), Column("Share", "share", "completeness")],
            [list(field) for field in shares],
        ),
        Table(
            "Where customers are known from",
            [
                Column("Source"),
                Column("Customers", "count", "known_customers"),
                Column("In no other source", "count", "several_sources"),
            ],
            [[row["source"], row["customers"], row["only_here"]] for row in sources],
        ),
        Table(
            "What customers have done by the window’s end",
            [Column("Customers with"), Column("Customers", "count"), Column("Share", "share")],
            [
                [label, activity[key], ratio(activity[key], known)]
                for label, key in (
                    ("an order", "with_orders"),
                    ("a ticket", "with_tickets"),
                    ("a deal", "with_deals"),
                    ("a won deal", "with_won_deals"),
                )
            ],
        ),
    ]
