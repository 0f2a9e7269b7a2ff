"""The sales report: what was won, what is open, how deals move."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from include.reports import doubts, outlook
from include.reports.blocks import over_time, ranked, ranking, ratio, unreadable
from include.reports.charts import Bar, compact, process_map
from include.reports.frame import Frame
from include.reports.language import _, _n
from include.reports.model import Block, Column, Picture, Report, Section, Sentence, Table, Tile
from include.reports.reader import Reader, Row
from include.reports.words import (
    compare,
    listed,
    money,
    more_or_less,
    name,
    number,
    plain,
    plural,
    sentence,
    share,
    unit,
)

NO_FIGURES: Row = {
    "created_deals": 0, "created_amount": Decimal(0), "won_deals": 0, "won_amount": Decimal(0),
    "won_without_amount": 0, "deal_size": None, "lost_deals": 0, "lost_amount": Decimal(0), "mean_cycle_days": None,
    "median_cycle_days": None, "cycles": 0, "open_deals": 0, "pipeline": Decimal(0), "weighted_pipeline": Decimal(0),
    "open_without_amount": 0, "open_without_stage": 0, "known_deals": 0, "deals_without_account": 0,
    "closed_without_date": 0,
}  # fmt: skip
NO_STAGE = "stage not known"
WAYS = ("standard", "skipping", "repeating", "back")


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
    stages = reader.rows("sales_stages")
    days = reader.rows("sales_days", currency=currency)
    return Report(
        subject="sales",
        title="Sales",
        changes=[
            *_changes(frame, total, before, main, main_before),
            *_where_from(main, reps, products),
            *_usual(frame, days),
        ],
        doubts=[
            *doubts.of_sources(reader, frame),
            *_doubts(total, main, currencies),
            *_unknown(reader),
            *doubts.of_few(
                closed := total["won_deals"] + total["lost_deals"],
                _("win rate"),
                _n("{n} closed deal", "{n} closed deals", closed),
            ),
        ],
        tiles=_tiles(frame, total, before, main, main_before),
        sections=[
            Section("Bookings", _bookings(frame, days, currency)),
            Section("Pipeline", _pipeline(reader, main)),
            Section("From stage to stage", _stages(stages)),
            Section("The way that deals take", _ways(reader)),
            Section("Close dates and targets", [*_slippage(reader), *_coverage(reader)]),
            Section("Velocity by quarter", _velocity(reader)),
            Section("Reps", _reps(reps, currency)),
            Section("Products", _products(products, currency)),
            Section("Teams and regions", _teams(reader, currency)),
            *outlook.sections(reader),
            Section("Open deals to look at", _open_deals(reader, stages, currency)),
            Section("Reminders", _reminders(reader)),
        ],
    )


def velocity(row: Row) -> Decimal | None:
    """Open deals × win rate × average deal size ÷ mean sales cycle in days: money a day; None when a part is missing.

    :param row: figures of one currency.
    """
    rate = _rate(row)
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


def _amounts(currency: str) -> str:
    return f", {unit(currency)}" if unit(currency) else ""


def _changes(frame: Frame, total: Row, before: Row, main: Row, main_before: Row) -> list[str]:
    flow, currency = frame.flow, main["currency"]
    if total["won_deals"] or before["won_deals"]:
        won, won_before = total["won_deals"], before["won_deals"]
        amount, amount_before = main["won_amount"], main_before["won_amount"]
        against = f", {more_or_less(amount, amount_before, 'amount', flow)}" if amount_before else ""
        worth = f", for {money(amount, currency)}{against}" if amount else ""
        said = [
            f"{sentence(plural(won, 'deal'))} {'was' if won == 1 else 'were'} won, "
            f"{more_or_less(won, won_before, 'count', flow)}{worth}."
        ]
    else:
        said = [f"No deal was won in this window, and none {flow.at}."]
    rate, rate_before = _rate(total), _rate(before)
    if rate is not None:
        closed = f"Of {plural(total['won_deals'] + total['lost_deals'], 'deal')} that closed, {share(rate)} won"
        said.append(f"{closed}; {flow.at} it was {share(rate_before)}." if rate_before is not None else f"{closed}.")
    created = total["created_deals"]
    worth = f", worth {money(main['pipeline'], currency)}" if main["pipeline"] else ""
    said.append(
        f"{sentence(plural(created, 'new deal'))} came in, "
        f"{more_or_less(created, before['created_deals'], 'count', flow)}. At the end "
        f"{plural(total['open_deals'], 'deal is', 'deals are')} open{worth}."
    )
    return said


def _where_from(main: Row, reps: list[Row], products: list[Row]) -> list[str]:
    if main["won_amount"] <= 0 or not reps or not products:
        return []
    rep, product = reps[0], products[0]
    rep_share, product_share = (ratio(row["won_amount"], main["won_amount"]) for row in (rep, product))
    return [
        f"{name(rep['rep_name'], 'No rep')} brought in the most, {share(rep_share or 0)} of the won amount; "
        f"{name(product['product_name'], 'no product')} sold best, with {share(product_share or 0)}."
    ]


def _usual(frame: Frame, days: list[Row]) -> list[str]:
    """A single day says little: what is usual."""
    if frame.length > 1:
        return []
    count = len(frame.buckets())
    won, created = (Decimal(sum(row[what] for row in days)) / count for what in ("won_deals", "created_deals"))
    return [f"Over the {count} days up to here a day had {number(won)} won and {number(created)} new deals on average."]


def _doubts(total: Row, main: Row, currencies: list[Row]) -> list[str]:
    said = []
    others = [
        row for row in currencies if row["currency"] != main["currency"] and (row["won_amount"] or row["pipeline"])
    ]
    if others:
        told = [
            f"{money(row['won_amount'], row['currency'])}{' (no currency told)' * (row['currency'] == 'XXX')} won, "
            f"{money(row['pipeline'], row['currency'])} open"
            for row in others
        ]
        here = unit(main["currency"]) or "deals without a currency"
        said.append(f"Amounts here are in {here}; not converted and not in them: {'; '.join(told)}.")
    elif main["currency"] == "XXX" and total["known_deals"]:
        said.append("The sources tell no currency, so amounts have no unit.")
    if main["open_without_amount"]:
        n = main["open_without_amount"]
        said.append(f"{plural(n, 'open deal has', 'open deals have')} no amount and {_add(n)} nothing to the pipeline.")
    if main["won_without_amount"]:
        n = main["won_without_amount"]
        said.append(f"{plural(n, 'won deal has', 'won deals have')} no amount and {_add(n)} nothing to the won amount.")
    if total["open_without_stage"]:
        n = total["open_without_stage"]
        said.append(
            f"Of {plural(n, 'open deal')} the stage at the window’s end is not known; "
            f"{'it is' if n == 1 else 'they are'} not in the weighted pipeline."
        )
    if total["deals_without_account"]:
        said.append(
            f"{plural(total['deals_without_account'], 'deal')} of {number(total['known_deals'])} "
            f"{'has' if total['deals_without_account'] == 1 else 'have'} no account."
        )
    if total["closed_without_date"]:
        n = total["closed_without_date"]
        said.append(f"{plural(n, 'closed deal has', 'closed deals have')} no close date and {_count(n)} as open.")
    if total["won_deals"] > total["cycles"]:
        n = total["won_deals"] - total["cycles"]
        said.append(f"The sales cycle leaves out {plural(n, 'won deal')} whose creation the source does not tell.")
    return said


def _add(n: int) -> str:
    return "adds" if n == 1 else "add"


def _count(n: int) -> str:
    return "counts" if n == 1 else "count"


def _tiles(frame: Frame, total: Row, before: Row, main: Row, main_before: Row) -> list[Tile]:
    flow, stock, money_unit = frame.flow, frame.stock, unit(main["currency"])

    def count(label: str, key: str, term: str, better: str | None = None, phrase=flow) -> Tile:
        return Tile(label, "count", total[key], term, "", compare("count", total[key], before[key], phrase, better))

    def amount(
        label: str, now: Decimal | None, then: Decimal | None, term: str, better: str | None, phrase=flow
    ) -> Tile:
        return Tile(label, "amount", now, term, money_unit, compare("amount", now, then, phrase, better))

    def cycle(label: str, key: str) -> Tile:
        return Tile(
            label, "days", total[key], "sales_cycle", "", compare("days", total[key], before[key], flow, "down")
        )

    def rate(label: str, now: Decimal | None, then: Decimal | None, term: str) -> Tile:
        return Tile(label, "share", now, term, "", compare("share", now, then, flow, "up"))

    return [
        amount("Won amount", main["won_amount"], main_before["won_amount"], "won", "up"),
        count("Won deals", "won_deals", "won", "up"),
        count("Lost deals", "lost_deals", "lost", "down"),
        count("Created deals", "created_deals", "created", "up"),
        rate("Win rate (count)", _rate(total), _rate(before), "win_rate"),
        rate("Win rate (amount)", _amount_rate(main), _amount_rate(main_before), "win_rate_amount"),
        cycle("Sales cycle, mean", "mean_cycle_days"),
        cycle("Sales cycle, median", "median_cycle_days"),
        amount("Average deal size", main["deal_size"], main_before["deal_size"], "deal_size", "up"),
        Tile(
            "Sales velocity",
            "amount",
            velocity(main),
            "velocity",
            f"{money_unit} a day".strip(),
            compare("amount", velocity(main), velocity(main_before), flow, "up"),
        ),
        count("Open deals", "open_deals", "open_deals", None, stock),
        amount("Pipeline", main["pipeline"], main_before["pipeline"], "pipeline", None, stock),
        amount(
            "Weighted pipeline",
            main["weighted_pipeline"],
            main_before["weighted_pipeline"],
            "weighted_pipeline",
            None,
            stock,
        ),
        count("Deals known", "known_deals", "known_deals", None, stock),
    ]


def _bookings(frame: Frame, days: list[Row], currency: str) -> list[Block]:
    return [
        over_time(
            frame,
            f"Won amount{_amounts(currency)}",
            {row["day_on"]: row["won_amount"] for row in days},
            "won",
            "Nothing was won",
        ),
        over_time(
            frame,
            "Created deals",
            {row["day_on"]: row["created_deals"] for row in days},
            "created",
            "No deal was created",
        ),
    ]


def _pipeline(reader: Reader, main: Row) -> list[Block]:
    rows = reader.rows("sales_pipeline", currency=main["currency"])
    if not rows:
        return [Sentence("No deal was open at the end of the window.")]
    columns = [
        Column("Stage", term="stage"),
        Column("Open deals", "count", "open_deals"),
        Column(f"Pipeline{_amounts(main['currency'])}", "amount", "pipeline"),
        Column(f"Weighted{_amounts(main['currency'])}", "amount", "weighted_pipeline"),
    ]
    bars = [Bar(row["stage_name"] or NO_STAGE, float(row["pipeline"])) for row in rows]
    return [
        ranked(
            f"Pipeline by stage at the end{_amounts(main['currency'])}",
            bars,
            "pipeline",
            "The open deals have no amount, so there is no pipeline to draw.",
            is_wide=False,
        ),
        ranking(
            "Open deals by stage",
            columns,
            [
                [row["stage_name"] or NO_STAGE, row["open_deals"], row["pipeline"], row["weighted_pipeline"]]
                for row in rows
            ],
        ),
    ]


def _stages(stages: list[Row]) -> list[Block]:
    if not stages:
        return [Sentence("No deal is known to have been in an open stage with a place in a pipeline.")]
    pipelines: dict[tuple[str, str], list[Row]] = {}
    for row in stages:
        pipelines.setdefault((row["source"], row["pipeline_name"]), []).append(row)
    busiest = max(pipelines.values(), key=lambda rows: max(row["entered_deals"] for row in rows))
    bars = []
    for row in busiest:
        rate = ratio(row["gone_on_deals"], row["entered_deals"])
        told = f" → {share(rate)} went on" if rate is not None else ""
        bars.append(Bar(row["stage_name"], row["entered_deals"], text=f"{compact(row['entered_deals'])}{told}"))
    several = len(pipelines) > 1
    title = f" of {name(busiest[0]['pipeline_name'])}" if several else ""
    rows = [
        [
            row["stage_name"],
            *([f"{row['pipeline_name']} ({row['source']})"] if several else []),
            row["entered_deals"],
            row["gone_on_deals"],
            ratio(row["gone_on_deals"], row["entered_deals"]),
            row["finished_visits"],
            row["median_days"],
            row["p90_days"],
        ]
        for row in stages
    ]
    columns = [
        Column("Stage"),
        *([Column("Pipeline")] if several else []),
        Column("Entered", "count", "conversion"),
        Column("Went on", "count", "conversion"),
        Column("Conversion", "share", "conversion"),
        Column("Visits ended", "count", "time_in_stage"),
        Column("Median stay", "days", "time_in_stage"),
        Column("90th percentile", "days", "time_in_stage"),
    ]
    return [
        ranked(
            f"Deals that entered each stage{title}, and the share that went on",
            bars,
            "conversion",
            "Every deal that entered a stage is too young to say whether it goes on.",
        ),
        ranking("Stage conversion and time in stage", columns, rows),
    ]


def _unknown(reader: Reader) -> list[str]:
    """What neither the sources nor the configuration tell."""
    said = []
    for row in reader.rows("sales_unknown"):
        if n := row["unknown_stage_deals"]:
            said.append(
                f"{plural(n, 'deal is', 'deals are')} in a stage that neither the source nor sales.yaml knows and "
                f"{_count(n)} as open: {_named(row['unknown_stages'])}."
            )
        if n := row["unconverted_deals"]:
            said.append(
                f"{plural(n, 'deal is', 'deals are')} in no amount in {row['reporting_currency']}, for want of a rate: "
                f"{_named('no currency told' if one == 'XXX' else one for one in row['unconverted_currencies'])}."
            )
        if row["unknown_targets"]:
            said.append(f"targets.csv names who no source knows: {_named(row['unknown_targets'])}.")
    return said


def _named(texts: Iterable[str]) -> str:
    names = [name(text) for text in texts]
    rest = len(names) - 5
    return listed(names if rest <= 0 else [*names[:5], f"{number(rest)} more"])


def _ways(reader: Reader) -> list[Block]:
    moves, paths = reader.rows("sales_moves"), reader.rows("sales_paths")
    steps = reader.rows("sales_process_stages")
    blocks: list[Block] = []
    for process in dict.fromkeys(row["process_name"] for row in steps):
        own = [row for row in moves if row["process_name"] == process]
        stages = [row["stage_name"] for row in steps if row["process_name"] == process]
        if own:
            blocks.append(_map(process, stages, own))
    if paths:
        several = len({row["process_name"] for row in paths}) > 1
        columns = [
            Column("Team"),
            *([Column("Process")] if several else []),
            Column("Closed deals", "count", "standard_path"),
            Column("Standard path", "share", "standard_path"),
            Column("Skipped a stage", "share", "standard_path"),
            Column("Came again", "share", "standard_path"),
            Column("Went back", "share", "standard_path"),
        ]
        rows = [
            [
                "All" if row["is_total"] else row["team"] or "no team",
                *([row["process_name"]] if several else []),
                row["closed_deals"],
                *(ratio(row[f"{what}_deals"], row["closed_deals"]) for what in WAYS),
            ]
            for row in paths
        ]
        blocks.append(ranking("Deals on the standard path", columns, rows))
    return blocks or [Sentence("No deal is known to have moved from stage to stage.")]


def _map(process: str, stages: list[str], moves: list[Row]) -> Block:
    places = {stage: place for place, stage in enumerate(stages)}
    arrows = [
        (places[row["from_stage"]], places[row["to_stage"]], row["deals"])
        for row in moves
        if row["from_stage"] in places and row["to_stage"] in places
    ]
    entered = {stage: sum(row["deals"] for row in moves if row["to_stage"] == stage) for stage in stages}
    lost = {
        stage: sum(row["deals"] for row in moves if row["from_stage"] == stage and row["move"] == "lost")
        for stage in stages
    }
    notes = [
        f"{compact(entered[stage])} in" + (f", {compact(lost[stage])} lost" if lost[stage] else "") for stage in stages
    ]
    drawing = process_map(list(zip(stages, notes, strict=True)), arrows)
    told = "; ".join(f"{stages[before]} to {stages[after]} {number(deals)}" for before, after, deals in arrows)
    below = (
        " Arrows below, in the second colour, go back." if any(after < before for before, after, _ in arrows) else ""
    )
    above = " Arrows above skip stages." if any(after > before + 1 for before, after, _ in arrows) else ""
    return Picture(
        caption=f"Deals from stage to stage of {plain(process)}",
        svg=drawing.svg,
        alt=f"Deals from stage to stage: {told}.",
        note=f"An arrow is as wide as many deals went that way.{above}{below} {unreadable(drawing)}".strip(),
        is_wide=True,
        term="moves",
    )


def _slippage(reader: Reader) -> list[Block]:
    rows = reader.rows("sales_slippage")
    if not rows:
        return [Sentence("No source tells when its deals are expected to close.")]
    columns = [
        Column("Month", term="slippage"),
        Column("To close", "count", "slippage"),
        Column("Closed", "count"),
        Column("Slipped", "count", "slippage"),
        Column("Slippage", "share", "slippage"),
        Column(f"Slipped amount{_amounts(rows[0]['reporting_currency'])}", "amount"),
        Column("Days moved, mean", "days", "slippage"),
    ]
    return [
        Table(
            "Deals that were to close in the month",
            columns,
            [
                [
                    f"{row['period_start']:%b %Y}", row["due_deals"], row["closed_deals"], row["slipped_deals"],
                    ratio(row["slipped_deals"], row["due_deals"]), row["slipped_amount"], row["mean_days_moved"],
                ]
                for row in rows
            ],
        )
    ]  # fmt: skip


def _coverage(reader: Reader) -> list[Block]:
    rows = reader.rows("sales_coverage")
    if not rows:
        return []
    amounts = _amounts(rows[0]["reporting_currency"])
    columns = [
        Column("Who"),
        Column("Period"),
        Column(f"Target{amounts}", "amount", "target"),
        Column(f"Won so far{amounts}", "amount", "won"),
        Column("Reached", "share"),
        Column(f"Open, to close in it{amounts}", "amount"),
        Column("Coverage", "share", "coverage"),
    ]
    return [
        ranking(
            "Targets of the periods under way",
            columns,
            [
                [
                    row["member"],
                    f"{row['period_start']:%b %Y}" if row["period"] == "month" else _quarter(row["period_start"]),
                    row["target_amount"], row["won_amount"], ratio(row["won_amount"], row["target_amount"]),
                    row["open_pipeline"], row["coverage"],
                ]
                for row in rows
            ],
        )
    ]  # fmt: skip


def _velocity(reader: Reader) -> list[Block]:
    rows = reader.rows("sales_velocity")
    if not rows:
        return [Sentence("No quarter has all four parts of sales velocity.")]
    several = len({row["source"] for row in rows}) > 1
    currency = rows[0]["reporting_currency"]
    columns = [
        Column("Quarter", term="velocity"),
        *([Column("Source")] if several else []),
        Column("Open deals", "count", "open_deals"),
        Column("Win rate", "share", "win_rate"),
        Column(f"Deal size{_amounts(currency)}", "amount", "deal_size"),
        Column("Sales cycle, mean", "days", "sales_cycle"),
        Column(f"Velocity, {unit(currency)} a day".replace(",  a", ", a"), "amount", "velocity"),
    ]
    return [
        ranking(
            "Sales velocity and its four parts",
            columns,
            [
                [
                    _quarter(row["period_start"]), *([row["source"]] if several else []), row["open_deals"],
                    row["win_rate"], row["deal_size"], row["mean_cycle_days"], row["velocity"],
                ]
                for row in rows
            ],
        )
    ]  # fmt: skip


def _quarter(first_day: date) -> str:
    return f"Q{(first_day.month + 2) // 3} {first_day.year}"


def _reps(reps: list[Row], currency: str) -> list[Block]:
    if not reps:
        return [Sentence("No rep closed a deal in this window or has one open.")]
    bars = [Bar(row["rep_name"] or "no rep", float(row["won_amount"])) for row in reps if row["won_amount"]]
    columns = [
        Column("Rep"),
        Column(f"Won amount{_amounts(currency)}", "amount", "won"),
        Column("Won", "count", "won"),
        Column("Lost", "count", "lost"),
        Column("Win rate", "share", "win_rate"),
        Column("Open deals", "count", "open_deals"),
        Column(f"Pipeline{_amounts(currency)}", "amount", "pipeline"),
    ]
    rows = [
        [
            row["rep_name"] or "no rep",
            row["won_amount"],
            row["won_deals"],
            row["lost_deals"],
            _rate(row),
            row["open_deals"],
            row["pipeline"],
        ]
        for row in reps
    ]
    picture = ranked(
        f"Won amount by rep{_amounts(currency)}", bars, "won", "No rep won an amount in this window.", rest="other reps"
    )
    return [picture, ranking("Reps, by won amount", columns, rows)]


def _products(products: list[Row], currency: str) -> list[Block]:
    if not products:
        return [Sentence("No deal closed in this window, so no product is named.")]
    bars = [Bar(row["product_name"] or "no product", float(row["won_amount"])) for row in products if row["won_amount"]]
    columns = [
        Column("Product", term="product"),
        Column(f"Won amount{_amounts(currency)}", "amount", "won"),
        Column("Won", "count", "won"),
        Column("Lost", "count", "lost"),
        Column("Win rate", "share", "win_rate"),
        Column("Deal size", "amount", "deal_size"),
    ]
    rows = [
        [
            row["product_name"] or "no product",
            row["won_amount"],
            row["won_deals"],
            row["lost_deals"],
            _rate(row),
            row["deal_size"],
        ]
        for row in products
    ]
    picture = ranked(
        f"Won amount by product{_amounts(currency)}",
        bars,
        "won",
        "No product brought in an amount in this window.",
        rest="other products",
    )
    return [picture, ranking("Products, by won amount", columns, rows)]


def _teams(reader: Reader, currency: str) -> list[Block]:
    rows = reader.rows("sales_teams", currency=currency)
    blocks: list[Block] = []
    for kind, heading in (("team", "Team"), ("region", "Region")):
        groups = [row for row in rows if row["kind"] == kind]
        if not any(row["group_name"] for row in groups):
            blocks.append(Sentence(f"No deal that closed in this window has a rep with a known {kind}."))
            continue
        columns = [
            Column(heading),
            Column(f"Won amount{_amounts(currency)}", "amount", "won"),
            Column("Won", "count", "won"),
            Column("Lost", "count", "lost"),
            Column("Win rate", "share", "win_rate"),
        ]
        table = [
            [row["group_name"] or f"no {kind}", row["won_amount"], row["won_deals"], row["lost_deals"], _rate(row)]
            for row in groups
        ]
        blocks.append(ranking(f"{heading}s, by won amount", columns, table))
    return blocks


def _open_deals(reader: Reader, stages: list[Row], currency: str) -> list[Block]:
    largest = reader.rows("sales_largest_open", currency=currency)
    oldest = reader.rows("sales_oldest_in_stage")
    blocks: list[Block] = []
    if largest:
        columns = [
            Column("Deal"),
            Column("Company"),
            Column("Rep"),
            Column("Stage", term="stage"),
            Column(f"Amount{_amounts(currency)}", "amount"),
            Column("Created", "date"),
        ]
        rows = [
            [
                row["deal_name"] or row["deal_id"],
                row["company_name"],
                row["rep_name"],
                row["stage_name"] or NO_STAGE,
                row["amount"],
                row["created_on"],
            ]
            for row in largest
        ]
        blocks.append(Table("The largest open deals", columns, rows))
    if oldest:
        blocks.append(_oldest(oldest, stages))
    return blocks or [Sentence("No open deal has an amount or a known stage.")]


def _oldest(oldest: list[Row], stages: list[Row]) -> Table:
    usual = {(row["source"], row["stage_name"]): row["p90_days"] for row in stages}
    columns = [
        Column("Deal"),
        Column("Company"),
        Column("Rep"),
        Column("Stage", term="stage"),
        Column("In stage", "days"),
        Column("90 % of visits end within", "days", "time_in_stage"),
    ]
    rows = [
        [
            row["deal_name"] or row["deal_id"],
            row["company_name"],
            row["rep_name"],
            row["stage_name"],
            row["days_in_stage"],
            usual.get((row["source"], row["stage_name"])),
        ]
        for row in oldest
    ]
    late = sum(1 for row in rows if row[5] is not None and row[4] > row[5])
    told = f"{plural(late, 'of these deals has', 'of these deals have')} stayed longer than nine of ten visits did."
    return Table("Longest in their stage", columns, rows, note=told if late else "")


def _reminders(reader: Reader) -> list[Block]:
    rows = reader.rows("sales_reminders")
    if not rows:
        return [Sentence("No reminder was open in this window.")]
    columns = [
        Column("Rule"),
        Column("Began", "count", "reminder"),
        Column("Proposed", "count", "reminder"),
        Column("Sent", "count", "reminder"),
        Column("Closed by themselves", "count", "reminder"),
        Column("In doubt", "count", "reminder"),
        Column("Open at the end", "count", "reminder"),
    ]
    table = [
        [
            row["rule"].replace("_", " "),
            *(row[key] for key in ("began", "proposed", "sent", "closed", "doubtful", "still_open")),
        ]
        for row in rows
    ]
    return [ranking("Reminders, by rule", columns, table)]
