"""The customers report: who they are, who is new, who buys, and what is known of them."""

from datetime import date
from decimal import Decimal

from include.customers.value.config import SCORES, load_value_config
from include.reports import doubts, retold
from include.reports.blocks import grid, over_time, ranked, ranking, ratio
from include.reports.charts import Bar
from include.reports.frame import Frame
from include.reports.language import N_, _, _c, _n
from include.reports.model import Block, Column, Report, Section, Sentence, Table, Tile
from include.reports.quality import quality
from include.reports.reader import Reader, Row
from include.reports.words import (
    compare,
    day,
    listed,
    long_month,
    money,
    month,
    more_or_less,
    name,
    number,
    sentence,
    share,
    unit,
)

NO_REVENUE: Row = {
    "currency": "XXX", "orders": 0, "revenue": Decimal(0), "previous_orders": 0, "previous_revenue": Decimal(0),
}  # fmt: skip
FIELD_COLUMNS = {
    N_("Name"): "with_full_name",
    N_("E-mail"): "with_email",
    N_("Telephone"): "with_phone",
    N_("Company"): "with_company_name",
    N_("Country"): "with_country",
    N_("Language"): "with_language",
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
        title=_c("title", "Customers"),
        changes=[
            *_changes(frame, now, before, main),
            *_alike(reader, frame, currency),
            *_segment_change(scores),
            *_usual(frame, days),
        ],
        doubts=[
            *doubts.of_sources(reader, frame),
            *_first_read(reader.rows("customers_first_read")),
            *_doubts(now, main, revenues),
        ],
        tiles=_tiles(frame, now, before, main, filled),
        sections=[
            Section(_("New customers and revenue"), _over_time(frame, days, currency)),
            Section(_("Who comes back"), [_cohorts(reader)]),
            Section(_("Segments"), [*_segments(scores, currency), _migration(reader)]),
            Section(_("Top customers"), _top(reader, currency)),
            Section(_("What customers are worth"), _worth(reader, frame, currency)),
            Section(_("Groups of alike customers"), _clusters(reader, frame, currency)),
            Section(_("Where they are"), _countries(reader)),
            Section(_("What is known of them"), _known(reader, filled)),
            Section(_("How complete the sources are"), quality(reader, frame)),
        ],
    )


def _in(label: str, currency: str) -> str:
    """``Revenue, USD``; no unit where the source tells no currency."""
    return _("{label}, {unit}", label=label, unit=unit(currency)) if unit(currency) else label


def _changes(frame: Frame, now: Row, before: Row, main: Row) -> list[str]:
    flow = frame.flow
    new, orders = now["new_customers"], now["orders"]
    said = [
        sentence(
            _n(
                "{n} new customer, {comparison}: {known} are known at the end.",
                "{n} new customers, {comparison}: {known} are known at the end.",
                new,
                comparison=more_or_less(new, before["new_customers"], "count", flow),
                known=number(now["known_customers"]),
            )
        ),
        _orders(frame, now, before, main)
        if orders
        else _n(
            "No order came in, after {n} order {at}.", "No order came in, after {n} orders {at}.",
            before["orders"], at=flow.at,
        ),
    ]  # fmt: skip
    if now["known_customers"]:
        with_orders = ratio(now["customers_with_orders"], now["known_customers"])
        said.append(
            _n(
                "{with_orders} of {n} customer have ever ordered ({share}); {several} are known from more than one "
                "source.",
                "{with_orders} of {n} customers have ever ordered ({share}); {several} are known from more than one "
                "source.",
                now["known_customers"],
                with_orders=number(now["customers_with_orders"]),
                share=share(with_orders or 0),
                several=number(now["in_several_sources"]),
            )
        )
    return said


def _orders(frame: Frame, now: Row, before: Row, main: Row) -> str:
    """How many orders came in, from how many, and for how much."""
    flow, revenue, revenue_before = frame.flow, main["revenue"], main["previous_revenue"]
    told = {
        "buyers": _n("{n} known customer", "{n} known customers", now["ordering_customers"]),
        "comparison": more_or_less(now["orders"], before["orders"], "count", flow),
        "amount": money(revenue, main["currency"]),
    }
    if not revenue_before:
        return _n(
            "{n} order came in from {buyers}, {comparison}, for {amount}.",
            "{n} orders came in from {buyers}, {comparison}, for {amount}.",
            now["orders"],
            **told,
        )
    return _n(
        "{n} order came in from {buyers}, {comparison}, for {amount}, {against}.",
        "{n} orders came in from {buyers}, {comparison}, for {amount}, {against}.",
        now["orders"],
        against=more_or_less(revenue, revenue_before, "amount", flow),
        **told,
    )


def _segment_change(scores: list[Row]) -> list[str]:
    total = sum(row["customers"] for row in scores)
    if not total:
        return []
    best = sum(row["customers"] for row in scores if row["recency_score"] == 5 and row["frequency_score"] >= 4)
    quiet = sum(row["customers"] for row in scores if row["recency_score"] <= 2 and row["frequency_score"] >= 3)
    return [
        _n(
            "Of {n} customer who ever bought, {best} buy often and did so lately, and {quiet} used to buy often and "
            "have gone quiet.",
            "Of {n} customers who ever bought, {best} buy often and did so lately, and {quiet} used to buy often and "
            "have gone quiet.",
            total,
            best=number(best),
            quiet=number(quiet),
        )
    ]


def _alike(reader: Reader, frame: Frame, currency: str) -> list[str]:
    """What was in the period that the window is like."""
    (row,) = reader.rows("customers_alike", currency=currency)
    if not frame.alike or not row["is_known"]:
        return []
    return [
        _n(
            "{when}: {n} order, for {amount}.",
            "{when}: {n} orders, for {amount}.",
            row["orders"],
            when=frame.alike_words,
            amount=money(row["revenue"], currency),
        )
    ]


def _usual(frame: Frame, days: list[Row]) -> list[str]:
    """A single day says little: what is usual."""
    if frame.length > 1:
        return []
    count = len(frame.buckets())
    new, orders = (Decimal(sum(row[what] for row in days)) / count for what in ("new_customers", "orders"))
    return [
        _(
            "Over the {days} days up to here a day had {new} new customers and {orders} orders on average.",
            days=count, new=number(new), orders=number(orders),
        )
    ]  # fmt: skip


def _first_read(rows: list[Row]) -> list[str]:
    """A sentence for each source whose first reading, and not their coming, made customers new."""
    return [
        _(
            "{customers} of the new customers were there when {source} was first read, on {day}: since when they are "
            "customers, the source does not tell.",
            customers=number(row["customers"]), source=name(row["source"]), day=day(row["day_on"]),
        )
        for row in rows
    ]  # fmt: skip


def _doubts(now: Row, main: Row, revenues: list[Row]) -> list[str]:
    said = []
    others = [_revenue(row) for row in revenues[1:] if row["revenue"]]
    if others and unit(main["currency"]):
        said.append(
            _(
                "Amounts here are in {unit}; not converted and not in them: {others} of revenue.",
                unit=unit(main["currency"]), others=listed(others),
            )
        )  # fmt: skip
    elif others:
        said.append(
            _(
                "Amounts here are in orders without a currency; not converted and not in them: {others} of revenue.",
                others=listed(others),
            )
        )
    elif main["currency"] == "XXX" and revenues:
        said.append(_("The sources tell no currency, so amounts have no unit."))
    if len(revenues) > 1:
        said.append(
            _(
                "Segments go by purchases in every currency. The amounts in them, top customers and lifetime values "
                "are of customers who buy in the currency shown on most days."
            )
        )
    if now["orders_of_nobody"]:
        said.append(
            _n(
                "{n} order belongs to nobody who is known.", "{n} orders belong to nobody who is known.",
                now["orders_of_nobody"],
            )
        )  # fmt: skip
    return said


def _revenue(row: Row) -> str:
    told = money(row["revenue"], row["currency"])
    return told if unit(row["currency"]) else _("{amount} (no currency told)", amount=told)


def _tiles(frame: Frame, now: Row, before: Row, main: Row, filled: Row) -> list[Tile]:
    flow, stock, money_unit = frame.flow, frame.stock, unit(main["currency"])

    def count(label: str, key: str, term: str, better: str | None = "up", phrase=flow) -> Tile:
        return Tile(label, "count", now[key], term, "", compare("count", now[key], before[key], phrase, better))

    def amount(label: str, value: Decimal | None, then: Decimal | None, term: str) -> Tile:
        return Tile(label, "amount", value, term, money_unit, compare("amount", value, then, flow, "up"))

    return [
        count(_("New customers"), "new_customers", "new_customers"),
        count(_("Customers known"), "known_customers", "known_customers", None, stock),
        count(_("Customers with orders"), "customers_with_orders", "with_orders", None, stock),
        count(_("Ordering customers"), "ordering_customers", "ordering_customers"),
        count(_("Orders"), "orders", "orders"),
        amount(_("Revenue"), main["revenue"], main["previous_revenue"], "revenue"),
        amount(
            _("Average order value"),
            ratio(main["revenue"], main["orders"]),
            ratio(main["previous_revenue"], main["previous_orders"]),
            "order_value",
        ),
        count(_("In several sources"), "in_several_sources", "several_sources", None, stock),
        Tile(_("Completeness"), "share", filled["completeness"], "completeness"),
    ]


def _over_time(frame: Frame, days: list[Row], currency: str) -> list[Block]:
    return [
        over_time(
            frame,
            _("New customers"),
            {row["day_on"]: row["new_customers"] for row in days},
            "new_customers",
            _("No customer was first seen"),
        ),
        over_time(
            frame,
            _in(_("Revenue"), currency),
            {row["day_on"]: row["revenue"] for row in days},
            "revenue",
            _("No order came in"),
        ),
    ]


def _cohorts(reader: Reader) -> Block:
    """Of the customers of each month of the last twelve, the share who ordered again in the months after."""
    sizes: dict[date, int] = {}
    later: dict[date, dict[int, int]] = {}
    for row in reader.rows("customers_cohorts"):
        if row["months_later"] == 0:
            sizes[row["cohort_on"]] = row["customers"]
        else:
            later.setdefault(row["cohort_on"], {})[row["months_later"]] = row["customers"]
    span = max((max(months) for months in later.values()), default=0)
    return grid(
        _("Customers who ordered again, in percent"),
        [_("{month}: {customers}", month=month(cohort), customers=number(size)) for cohort, size in sizes.items()],
        [str(months) for months in range(1, span + 1)],
        [
            [round(100 * later.get(cohort, {}).get(months, 0) / size) for months in range(1, span + 1)]
            for cohort, size in sizes.items()
        ],
        "cohort",
        _("No customer of the last twelve months has ordered in a later month."),
        read=_(
            "Rows are months of the first order, with their customers; columns are months after it. An empty cell is a "
            "month in which nobody did, or one to come."
        ),
    )


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
    total = sum(customers for customers, bought in sizes.values())
    if not total:
        return [Sentence(_("Nobody had bought by the end of the window, so there are no segments."))]
    cells = {(row["recency_score"], row["frequency_score"]): row["customers"] for row in scores}
    ranking = sorted(sizes.items(), key=lambda item: -item[1][0])
    columns = [
        Column(_("Segment"), term="segment"),
        Column(_("Recency")),
        Column(_("Frequency")),
        Column(_("Customers"), "count", "rfm"),
        Column(_("Share"), "share"),
        Column(_in(_("Bought ever"), currency), "amount", "bought_ever"),
    ]
    rows = [
        [
            retold.segment(s.name),
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
            _("Customers by segment"),
            [Bar(retold.segment(label), customers) for label, (customers, bought) in ranking],
            "segment",
            _("Nobody has bought."),
            is_wide=False,
        ),
        grid(
            _("Customers by recency and frequency score"),
            [_("Recency {score}", score=score) for score in reversed(SCORES)],
            [_("Freq. {score}", score=score) for score in SCORES],
            [[cells.get((recency, frequency), 0) for frequency in SCORES] for recency in reversed(SCORES)],
            "rfm",
            _("Nobody has bought."),
            read=_("5 is the best fifth: the latest to buy, the most often."),
        ),
        Table(_("Segments, their scores and their customers"), columns, rows),
    ]


def _bounds(scores: tuple[int, int]) -> str:
    return f"{scores[0]}–{scores[1]}" if scores[0] < scores[1] else f"{scores[0]}"


def _migration(reader: Reader) -> Block:
    """From which segment to which customers went, in the last month that was over."""
    rows = reader.rows("customers_migration")
    if not rows:
        return Sentence(
            _("From which segment to which customers went can be told once the ends of two months in a row are built.")
        )
    month = rows[0]["month_on"]
    segments = [segment.name for segment in load_value_config().segments]
    cells = {(row["segment_before"], row["segment"]): row["customers"] for row in rows}
    before = [*segments, None]
    stayed = sum(customers for (earlier, now), customers in cells.items() if earlier == now)
    known = sum(customers for (earlier, now), customers in cells.items() if earlier)
    return grid(
        _("Customers by segment at the start and at the end of {month}", month=long_month(month)),
        [retold.segment(earlier) if earlier else _("had not bought") for earlier in before],
        [retold.segment(segment) for segment in segments],
        [[cells.get((earlier, now), 0) for now in segments] for earlier in before],
        "migration",
        _("Nobody had bought."),
        read=_(
            "A row is the segment at the start of the month, a column that at its end: {stayed} of {known} customers "
            "stayed where they were.",
            stayed=number(stayed),
            known=number(known),
        ),
    )


def _top(reader: Reader, currency: str) -> list[Block]:
    rows = reader.rows("customers_top", currency=currency)
    if not rows:
        return [Sentence(_("Nobody had bought by the end of the window."))]
    columns = [
        Column(_("Customer")),
        Column(_("Company")),
        Column(_("Country")),
        Column(_("Segment"), term="segment"),
        Column(_("Last bought"), "days", "rfm"),
        Column(_("Days with a purchase"), "count", "rfm"),
        Column(_in(_("In the window"), currency), "amount", "revenue"),
        Column(_in(_("Bought ever"), currency), "amount", "bought_ever"),
    ]
    table = [
        [
            _called(row),
            row["company_name"],
            retold.country(row["country"]) if row["country"] else None,
            retold.segment(load_value_config().segment(row["recency_score"], row["frequency_score"])),
            row["recency_days"],
            row["frequency"],
            row["window_revenue"],
            row["revenue"],
        ]
        for row in rows
    ]
    bars = [Bar(_called(row), float(row["revenue"])) for row in rows]
    return [
        ranked(_in(_("What the top customers bought, ever"), currency), bars, "bought_ever", _("Nobody has bought.")),
        Table(
            _("Top customers, by what they bought ever; last bought is days before the window’s end"), columns, table
        ),
    ]


def _worth(reader: Reader, frame: Frame, currency: str) -> list[Block]:
    """The customers of the currency who are worth most, each with its intervals."""
    total = reader.rows("customers_value_total", currency=currency)[0]
    if total["as_of_on"] != frame.window.last_day:
        return [_not_kept(total["as_of_on"], _("What customers are worth"))]
    rows = reader.rows("customers_value_top", currency=currency)
    if not rows:
        return [_no_model(reader, currency, ("bg_nbd", "gamma_gamma"), _("What customers are worth cannot be told"))]
    terms = load_value_config().lifetime_value
    columns = [
        Column(_("Customer")),
        Column(_("Segment"), term="segment"),
        Column(_("P(alive)"), "share", "p_alive"),
        Column(_("From"), "share"),
        Column(_("To"), "share"),
        Column(_("Purchases ahead"), "amount", "expected_purchases"),
        Column(_in(_("Spend each"), currency), "amount", "expected_spend"),
        Column(_in(_("Lifetime value"), currency), "amount", "lifetime_value"),
        Column(_("From"), "amount"),
        Column(_("To"), "amount"),
    ]
    keys = ("p_alive", "p_alive_low_95", "p_alive_high_95", "expected_purchases", "expected_spend",
            "lifetime_value", "lifetime_value_low_95", "lifetime_value_high_95")  # fmt: skip
    table = [[_called(row), retold.segment(row["segment"]), *(row[key] for key in keys)] for row in rows]
    bars = [Bar(_called(row), row["lifetime_value"], interval=_interval(row)) for row in rows]
    months = _n("{n} month", "{n} months", terms.horizon_months)
    if unit(currency):
        caption = _(
            "Lifetime value of the top customers over {months}, {unit}, with its 95 % interval",
            months=months, unit=unit(currency),
        )  # fmt: skip
    else:
        caption = _("Lifetime value of the top customers over {months}, with its 95 % interval", months=months)
    return [
        Sentence(
            _n(
                "Of {n} customer who buy in this currency, {alive} are expected to be buying still. They will buy on "
                "{days} days in the next {months}, worth {amount} now.",
                "Of {n} customers who buy in this currency, {alive} are expected to be buying still. They will buy on "
                "{days} days in the next {months}, worth {amount} now.",
                total["customers"],
                alive=number(round(total["alive"])),
                days=number(round(total["expected_purchases"])),
                months=months,
                amount=money(round(total["lifetime_value"]), currency),
            )
        ),
        ranked(
            caption,
            bars,
            "lifetime_value",
            _("Nobody is worth anything."),
        ),
        Table(_("Customers worth most; from and to are the 95 % interval of the estimate"), columns, table),
    ]


def _interval(row: Row) -> tuple[float, float] | None:
    low, high = row["lifetime_value_low_95"], row["lifetime_value_high_95"]
    return None if low is None else (low, high)


def _not_kept(as_of_on: date | None, what: str) -> Sentence:
    if as_of_on is None:
        return Sentence(_("{what} is kept as of the end of no day yet.", what=what))
    return Sentence(
        _("{what} is kept as of the end of {day} only, the last day that was built.", what=what, day=day(as_of_on))
    )


def _no_model(reader: Reader, currency: str, models: tuple[str, ...], what: str) -> Sentence:
    """Why there is no model: too few data, in the words of its run."""
    reasons = {row["model"]: row["reason"] for row in reader.rows("customers_value_reason", currency=currency)}
    told = [retold.no_model(reasons[model]) for model in models if model in reasons]
    why = listed(told) or _("nobody had bought by the end of the last month that was over")
    return Sentence(_("{what}: {why}.", what=what, why=why))


def _clusters(reader: Reader, frame: Frame, currency: str) -> list[Block]:
    """The clusters of customers, how large they are, and what moved since the month before."""
    as_of_on = reader.rows("customers_value_total", currency=currency)[0]["as_of_on"]
    if as_of_on != frame.window.last_day:
        return [_not_kept(as_of_on, _("Which customers are alike"))]
    rows = reader.rows("customers_clusters", currency=currency)
    if not rows:
        return [_no_model(reader, currency, ("clusters",), _("Customers cannot be grouped"))]
    total, before = (sum(row[key] for row in rows) for key in ("customers", "customers_before"))
    columns = [
        Column(_("Group"), term="cluster"),
        Column(_("Customers"), "count"),
        Column(_("Share"), "share"),
        Column(_("Share a month before"), "share"),
        Column(_("New customers"), "count"),
        Column(_("Came from other groups"), "count", "drift"),
        Column(_("Went to other groups"), "count", "drift"),
        Column(_("Last bought, mean"), "days"),
        Column(_("Days with a purchase, mean"), "amount"),
    ]
    table = [
        [retold.group(row["cluster"]), row["customers"], ratio(row["customers"], total),
         ratio(row["customers_before"], before), row["new_customers"], row["moved_in"], row["moved_out"],
         row["mean_recency_days"], row["mean_frequency"]]
        for row in rows
    ]  # fmt: skip
    moved = sum(row["moved_in"] for row in rows)
    return [
        Sentence(
            _n(
                "{moved} of {n} customer of a month before are in another group now ({share}).",
                "{moved} of {n} customers of a month before are in another group now ({share}).",
                before,
                moved=number(moved),
                share=share(ratio(moved, before) or 0),
            )
        ),
        ranked(
            _("Customers by group"),
            [Bar(retold.group(row["cluster"]), row["customers"]) for row in rows],
            "cluster",
            _("Nobody has bought."),
        ),
        _profiles(rows),
        Table(_("Groups of alike customers, named by what sets them apart"), columns, table),
    ]


def _profiles(rows: list[Row]) -> Block:
    """What the groups are like, beside each other: the means of each, in percent of the highest."""
    features = {
        "mean_recency_days": _("Days since the last purchase"),
        "mean_frequency": _("Days with a purchase"),
        "mean_monetary": _("Amount of such a day"),
        "mean_lifetime_value": _("Lifetime value"),
    }
    highest = {key: max(row[key] or 0 for row in rows) for key in features}
    shown = [key for key in features if highest[key]]
    return grid(
        _("What the groups are like"),
        [retold.group(row["cluster"]) for row in rows],
        [features[key] for key in shown],
        [[round(100 * (row[key] or 0) / highest[key]) for key in shown] for row in rows],
        "cluster",
        _("Nobody has bought."),
        read=_("Means of each group, in percent of the highest group’s."),
    )


def _called(row: Row) -> str:
    return row["full_name"] or row["email"] or row["customer_id"]


def _countries(reader: Reader) -> list[Block]:
    rows = reader.rows("customers_countries")
    if not any(row["country"] for row in rows):
        return [Sentence(_("The country of no customer is known."))]
    names = [retold.country(row["country"]) if row["country"] else _("not told") for row in rows]
    bars = [Bar(label, row["customers"], row["country"] is not None) for label, row in zip(names, rows, strict=True)]
    columns = [
        Column(_("Country"), term="country"),
        Column(_("Customers"), "count", "known_customers"),
        Column(_("New"), "count", "new_customers"),
    ]
    table = [[label, row["customers"], row["new_customers"]] for label, row in zip(names, rows, strict=True)]
    return [
        ranked(
            _("Customers by country"),
            bars,
            "country",
            _("No customer is known."),
            rest=_("other countries"),
            is_wide=False,
        ),
        ranking(_("Countries, by customers"), columns, table),
    ]


def _known(reader: Reader, filled: Row) -> list[Block]:
    known = filled["customers"]
    if not known:
        return [Sentence(_("No customer was known at the end of the window."))]
    shares = sorted(
        ((_(label), filled[column], ratio(filled[column], known)) for label, column in FIELD_COLUMNS.items()),
        key=lambda field: -field[1],
    )
    sources = reader.rows("customers_sources")
    activity = reader.rows("customers_activity")[0]
    return [
        ranked(
            _("Customers with the field filled"),
            [Bar(label, count, text=share(part or 0)) for label, count, part in shares],
            "completeness",
            _("No field of any customer is filled."),
            is_wide=False,
        ),
        Table(
            _("Fields of the golden record"),
            [
                Column(_("Field"), term="completeness"),
                Column(_("Filled"), "count"),
                Column(_("Share"), "share", "completeness"),
            ],
            [list(field) for field in shares],
        ),
        Table(
            _("Where customers are known from"),
            [
                Column(_("Source")),
                Column(_("Customers"), "count", "known_customers"),
                Column(_("In no other source"), "count", "several_sources"),
            ],
            [[row["source"], row["customers"], row["only_here"]] for row in sources],
        ),
        Table(
            _("What customers have done by the window’s end"),
            [Column(_("Customers with")), Column(_("Customers"), "count"), Column(_("Share"), "share")],
            [
                [label, activity[key], ratio(activity[key], known)]
                for label, key in (
                    (_("an order"), "with_orders"),
                    (_("a ticket"), "with_tickets"),
                    (_("a deal"), "with_deals"),
                    (_("a won deal"), "with_won_deals"),
                )
            ],
        ),
    ]
