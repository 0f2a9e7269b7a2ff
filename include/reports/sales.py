"""The sales report: what was won, what is open, how deals move."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from include.reports import doubts, outlook
from include.reports.blocks import over_time, ranked, ranking, ratio, unreadable
from include.reports.charts import Bar, compact, process_map, waterfall
from include.reports.frame import Frame
from include.reports.language import N_, _, _c, _n
from include.reports.model import Block, Column, Picture, Report, Section, Sentence, Table, Tile
from include.reports.reader import Reader, Row
from include.reports.retold import known
from include.reports.words import (
    compare,
    listed,
    long_month,
    money,
    month,
    more_or_less,
    name,
    number,
    plain,
    sentence,
    share,
    together,
    unit,
)

NO_FIGURES: Row = {
    "created_deals": 0, "created_amount": Decimal(0), "won_deals": 0, "won_amount": Decimal(0),
    "won_without_amount": 0, "deal_size": None, "lost_deals": 0, "lost_amount": Decimal(0), "mean_cycle_days": None,
    "median_cycle_days": None, "cycles": 0, "open_deals": 0, "pipeline": Decimal(0), "weighted_pipeline": Decimal(0),
    "open_without_amount": 0, "open_without_stage": 0, "known_deals": 0, "deals_without_account": 0,
    "closed_without_date": 0,
}  # fmt: skip
NO_STAGE = N_("stage not known")
NO_PIPELINE = N_("no pipeline")  # sql/report/sales_stages.sql
# those of include/config/reminders.yaml
RULES = (
    N_("stage overdue"),
    N_("close date passed"),
    N_("no activity"),
    N_("no next step"),
    N_("amount changed"),
    N_("contact quiet"),
    N_("lead untouched"),
    N_("contract ending"),
)
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
    reader.rows("sales_stage_visit")
    stages = reader.rows("sales_stages")
    days = reader.rows("sales_days", currency=currency)
    return Report(
        subject="sales",
        title=_("Sales"),
        changes=[
            *_changes(frame, total, before, main, main_before),
            *_alike(reader, frame, currency),
            *_target(reader),
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
            Section(_("Bookings"), _bookings(frame, days, currency)),
            Section(_("Pipeline"), _pipeline(reader, main)),
            Section(_("From stage to stage"), _stages(stages)),
            Section(_("The way that deals take"), _ways(reader)),
            Section(_("Close dates and targets"), [*_slippage(reader), *_coverage(reader)]),
            Section(_("Velocity by quarter"), _velocity(reader)),
            Section(_("Reps"), _reps(reps, currency)),
            Section(_("Products"), _products(products, currency)),
            Section(_("Teams and regions"), _teams(reader, currency)),
            *outlook.sections(reader),
            Section(_("Open deals to look at"), _open_deals(reader, stages, currency)),
            Section(_("Reminders"), _reminders(reader)),
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


def _in(label: str, currency: str) -> str:
    """``Won amount, USD``; without a unit where there is none."""
    return _("{label}, {unit}", label=label, unit=unit(currency)) if unit(currency) else label


def _changes(frame: Frame, total: Row, before: Row, main: Row, main_before: Row) -> list[str]:
    flow, currency = frame.flow, main["currency"]
    said = [_won(frame, total, before, main, main_before)]
    rate, rate_before, closed = _rate(total), _rate(before), total["won_deals"] + total["lost_deals"]
    if rate is not None and rate_before is not None:
        said.append(
            _n(
                "Of {n} deal that closed, {share} won; {at} it was {before}.",
                "Of {n} deals that closed, {share} won; {at} it was {before}.",
                closed,
                share=share(rate),
                at=flow.at,
                before=share(rate_before),
            )
        )
    elif rate is not None:
        said.append(
            _n(
                "Of {n} deal that closed, {share} won.",
                "Of {n} deals that closed, {share} won.",
                closed,
                share=share(rate),
            )
        )
    came = _n(
        "{n} new deal came in, {change}.",
        "{n} new deals came in, {change}.",
        total["created_deals"],
        change=more_or_less(total["created_deals"], before["created_deals"], "count", flow),
    )
    if main["pipeline"]:
        left = _n(
            "At the end {n} deal is open, worth {amount}.",
            "At the end {n} deals are open, worth {amount}.",
            total["open_deals"],
            amount=money(main["pipeline"], currency),
        )
    else:
        left = _n("At the end {n} deal is open.", "At the end {n} deals are open.", total["open_deals"])
    return [*said, together(sentence(came), left)]


def _won(frame: Frame, total: Row, before: Row, main: Row, main_before: Row) -> str:
    flow, won = frame.flow, total["won_deals"]
    if not won and not before["won_deals"]:
        return _("No deal was won in this window, and none {at}.", at=flow.at)
    amount, amount_before = main["won_amount"], main_before["won_amount"]
    told = {
        "change": more_or_less(won, before["won_deals"], "count", flow),
        "amount": money(amount, main["currency"]),
        "amount_change": more_or_less(amount, amount_before, "amount", flow),
    }
    if not amount:
        return sentence(_n("{n} deal was won, {change}.", "{n} deals were won, {change}.", won, **told))
    if not amount_before:
        return sentence(
            _n("{n} deal was won, {change}, for {amount}.", "{n} deals were won, {change}, for {amount}.", won, **told)
        )
    return sentence(
        _n(
            "{n} deal was won, {change}, for {amount}, {amount_change}.",
            "{n} deals were won, {change}, for {amount}, {amount_change}.",
            won,
            **told,
        )
    )


def _alike(reader: Reader, frame: Frame, currency: str) -> list[str]:
    """What was in the period that the window is like."""
    (row,) = reader.rows("sales_alike", currency=currency)
    if not frame.alike or not row["is_known"]:
        return []
    created = _n("{n} new deal", "{n} new deals", row["created_deals"])
    return [
        _n(
            "{when}: {n} deal won, for {amount}, and {created}.",
            "{when}: {n} deals won, for {amount}, and {created}.",
            row["won_deals"],
            when=frame.alike_words,
            amount=money(row["won_amount"], currency),
            created=created,
        )
    ]


def _target(reader: Reader) -> list[str]:
    """How far the targets of the month under way are reached: those of teams, where there are some, else of reps."""
    rows = [row for row in reader.rows("sales_coverage") if row["period"] == "month"]
    teams = [row for row in rows if row["dimension"] == "team"]
    of = teams or rows
    target = sum(row["target_amount"] for row in of)
    if not target:
        return []
    told = {
        "month": long_month(of[0]["period_start"]),
        "target": money(target, of[0]["reporting_currency"]),
        "share": share(ratio(sum(row["won_amount"] for row in of), target) or 0),
    }
    if teams:
        return [_("Of the targets of all teams for {month}, {target}, {share} is reached.", **told)]
    return [_("Of the targets of all reps for {month}, {target}, {share} is reached.", **told)]


def _where_from(main: Row, reps: list[Row], products: list[Row]) -> list[str]:
    if main["won_amount"] <= 0 or not reps or not products:
        return []
    rep, product = reps[0], products[0]
    rep_share, product_share = (ratio(row["won_amount"], main["won_amount"]) for row in (rep, product))
    return [
        _(
            "{rep} brought in the most, {rep_share} of the won amount; {product} sold best, with {product_share}.",
            rep=name(rep["rep_name"], _("No rep")),
            rep_share=share(rep_share or 0),
            product=name(product["product_name"], _("no product")),
            product_share=share(product_share or 0),
        )
    ]


def _usual(frame: Frame, days: list[Row]) -> list[str]:
    """A single day says little: what is usual."""
    if frame.length > 1:
        return []
    count = len(frame.buckets())
    won, created = (Decimal(sum(row[what] for row in days)) / count for what in ("won_deals", "created_deals"))
    return [
        _(
            "Over the {days} days up to here a day had {won} won and {created} new deals on average.",
            days=count,
            won=number(won),
            created=number(created),
        )
    ]


def _doubts(total: Row, main: Row, currencies: list[Row]) -> list[str]:
    said = []
    others = [
        row for row in currencies if row["currency"] != main["currency"] and (row["won_amount"] or row["pipeline"])
    ]
    if others:
        told = _("; ").join(_won_and_open(row) for row in others)
        if here := unit(main["currency"]):
            said.append(
                _("Amounts here are in {unit}; not converted and not in them: {others}.", unit=here, others=told)
            )
        else:
            said.append(
                _(
                    "Amounts here are in deals without a currency; not converted and not in them: {others}.",
                    others=told,
                )
            )
    elif main["currency"] == "XXX" and total["known_deals"]:
        said.append(_("The sources tell no currency, so amounts have no unit."))
    if n := main["open_without_amount"]:
        said.append(
            _n(
                "{n} open deal has no amount and adds nothing to the pipeline.",
                "{n} open deals have no amount and add nothing to the pipeline.",
                n,
            )
        )
    if n := main["won_without_amount"]:
        said.append(
            _n(
                "{n} won deal has no amount and adds nothing to the won amount.",
                "{n} won deals have no amount and add nothing to the won amount.",
                n,
            )
        )
    if n := total["open_without_stage"]:
        said.append(
            _n(
                "Of {n} open deal the stage at the window’s end is not known; it is not in the weighted pipeline.",
                "Of {n} open deals the stage at the window’s end is not known; they are not in the weighted pipeline.",
                n,
            )
        )
    if n := total["deals_without_account"]:
        said.append(
            _n(
                "{n} deal of {known} has no account.",
                "{n} deals of {known} have no account.",
                n,
                known=number(total["known_deals"]),
            )
        )
    if n := total["closed_without_date"]:
        said.append(
            _n(
                "{n} closed deal has no close date and counts as open.",
                "{n} closed deals have no close date and count as open.",
                n,
            )
        )
    if (n := total["won_deals"] - total["cycles"]) > 0:
        said.append(
            _n(
                "The sales cycle leaves out {n} won deal whose creation the source does not tell.",
                "The sales cycle leaves out {n} won deals whose creation the source does not tell.",
                n,
            )
        )
    return said


def _won_and_open(row: Row) -> str:
    amounts = {"won": money(row["won_amount"], row["currency"]), "open": money(row["pipeline"], row["currency"])}
    if row["currency"] == "XXX":
        return _("{won} (no currency told) won, {open} open", **amounts)
    return _("{won} won, {open} open", **amounts)


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
        amount(_("Won amount"), main["won_amount"], main_before["won_amount"], "won", "up"),
        count(_("Won deals"), "won_deals", "won", "up"),
        count(_("Lost deals"), "lost_deals", "lost", "down"),
        count(_("Created deals"), "created_deals", "created", "up"),
        rate(_("Win rate (count)"), _rate(total), _rate(before), "win_rate"),
        rate(_("Win rate (amount)"), _amount_rate(main), _amount_rate(main_before), "win_rate_amount"),
        cycle(_("Sales cycle, mean"), "mean_cycle_days"),
        cycle(_("Sales cycle, median"), "median_cycle_days"),
        amount(_("Average deal size"), main["deal_size"], main_before["deal_size"], "deal_size", "up"),
        Tile(
            _("Sales velocity"),
            "amount",
            velocity(main),
            "velocity",
            _("{unit} a day", unit=money_unit) if money_unit else _("a day"),
            compare("amount", velocity(main), velocity(main_before), flow, "up"),
        ),
        count(_("Open deals"), "open_deals", "open_deals", None, stock),
        amount(_("Pipeline"), main["pipeline"], main_before["pipeline"], "pipeline", None, stock),
        amount(
            _("Weighted pipeline"),
            main["weighted_pipeline"],
            main_before["weighted_pipeline"],
            "weighted_pipeline",
            None,
            stock,
        ),
        count(_("Deals known"), "known_deals", "known_deals", None, stock),
    ]


def _bookings(frame: Frame, days: list[Row], currency: str) -> list[Block]:
    return [
        over_time(
            frame,
            _in(_("Won amount"), currency),
            {row["day_on"]: row["won_amount"] for row in days},
            "won",
            _("Nothing was won"),
        ),
        over_time(
            frame,
            _("Created deals"),
            {row["day_on"]: row["created_deals"] for row in days},
            "created",
            _("No deal was created"),
        ),
    ]


def _pipeline(reader: Reader, main: Row) -> list[Block]:
    rows = reader.rows("sales_pipeline", currency=main["currency"])
    if not rows:
        return [Sentence(_("No deal was open at the end of the window."))]
    columns = [
        Column(_("Stage"), term="stage"),
        Column(_("Open deals"), "count", "open_deals"),
        Column(_in(_("Pipeline"), main["currency"]), "amount", "pipeline"),
        Column(_in(_("Weighted"), main["currency"]), "amount", "weighted_pipeline"),
    ]
    bars = [Bar(row["stage_name"] or _(NO_STAGE), float(row["pipeline"])) for row in rows]
    return [
        *_moved(reader, main["currency"]),
        ranked(
            _in(_("Pipeline by stage at the end"), main["currency"]),
            bars,
            "pipeline",
            _("The open deals have no amount, so there is no pipeline to draw."),
            is_wide=False,
        ),
        ranking(
            _("Open deals by stage"),
            columns,
            [
                [row["stage_name"] or _(NO_STAGE), row["open_deals"], row["pipeline"], row["weighted_pipeline"]]
                for row in rows
            ],
        ),
    ]


def _moved(reader: Reader, currency: str) -> list[Block]:
    """From the pipeline at the window's start to that at its end."""
    (row,) = reader.rows("sales_pipeline_moves", currency=currency)
    if not row["at_start"] and not row["at_end"]:
        return []
    other = row["at_end"] - (row["at_start"] + row["came_in"] - row["won"] - row["lost"])
    steps = [
        (_("At the start"), row["at_start"], True),
        (_("Came in"), row["came_in"], False),
        (_c("deals", "Won"), -row["won"], False),
        (_c("deals", "Lost"), -row["lost"], False),
        *([(_("Changed otherwise"), other, False)] if other else []),
        (_("At the end"), row["at_end"], True),
    ]
    told = _("; ").join(f"{label} {number(value)}" for label, value, _is_level in steps)
    return [
        Picture(
            caption=_in(_("What became of the pipeline"), currency),
            svg=waterfall([(label, float(value), is_level) for label, value, is_level in steps]).svg,
            alt=_("The pipeline from the window’s start to its end: {steps}.", steps=told),
            term="pipeline",
        )
    ]


def _stages(stages: list[Row]) -> list[Block]:
    if not stages:
        return [Sentence(_("No deal is known to have been in an open stage with a place in a pipeline."))]
    pipelines: dict[tuple[str, str], list[Row]] = {}
    for row in stages:
        pipelines.setdefault((row["source"], row["pipeline_name"]), []).append(row)
    busiest = max(pipelines.values(), key=lambda rows: max(row["entered_deals"] for row in rows))
    bars = []
    for row in busiest:
        rate = ratio(row["gone_on_deals"], row["entered_deals"])
        told = compact(row["entered_deals"])
        if rate is not None:
            told = _("{entered} → {share} went on", entered=told, share=share(rate))
        bars.append(Bar(row["stage_name"], row["entered_deals"], text=told))
    several = len(pipelines) > 1
    caption = _("Deals that entered each stage, and the share that went on")
    if several:
        caption = _(
            "Deals that entered each stage of {pipeline}, and the share that went on",
            pipeline=name(_pipeline_name(busiest[0])),
        )
    rows = [
        [
            row["stage_name"],
            *([_("{pipeline} ({source})", pipeline=_pipeline_name(row), source=row["source"])] if several else []),
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
        Column(_("Stage")),
        *([Column(_("Pipeline"))] if several else []),
        Column(_("Entered"), "count", "conversion"),
        Column(_("Went on"), "count", "conversion"),
        Column(_("Conversion"), "share", "conversion"),
        Column(_("Visits ended"), "count", "time_in_stage"),
        Column(_("Median stay"), "days", "time_in_stage"),
        Column(_("90th percentile"), "days", "time_in_stage"),
    ]
    return [
        ranked(
            caption,
            bars,
            "conversion",
            _("Every deal that entered a stage is too young to say whether it goes on."),
        ),
        ranking(_("Stage conversion and time in stage"), columns, rows),
    ]


def _pipeline_name(row: Row) -> str:
    return _(NO_PIPELINE) if row["pipeline_name"] == NO_PIPELINE else row["pipeline_name"]


def _unknown(reader: Reader) -> list[str]:
    """What neither the sources nor the configuration tell."""
    said = []
    for row in reader.rows("sales_unknown"):
        if n := row["unknown_stage_deals"]:
            said.append(
                _n(
                    "{n} deal is in a stage that neither the source nor sales.yaml knows and counts as open: {stages}.",
                    "{n} deals are in a stage that neither the source nor sales.yaml knows and count as open: "
                    "{stages}.",
                    n,
                    stages=_named(row["unknown_stages"]),
                )
            )
        if n := row["unconverted_deals"]:
            currencies = (_("no currency told") if one == "XXX" else one for one in row["unconverted_currencies"])
            said.append(
                _n(
                    "{n} deal is in no amount in {unit}, for want of a rate: {currencies}.",
                    "{n} deals are in no amount in {unit}, for want of a rate: {currencies}.",
                    n,
                    unit=row["reporting_currency"],
                    currencies=_named(currencies),
                )
            )
        if row["unknown_targets"]:
            said.append(_("targets.csv names who no source knows: {names}.", names=_named(row["unknown_targets"])))
    return said


def _named(texts: Iterable[str]) -> str:
    names = [name(text) for text in texts]
    rest = len(names) - 5
    return listed(names if rest <= 0 else [*names[:5], _("{n} more", n=number(rest))])


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
            Column(_("Team")),
            *([Column(_("Process"))] if several else []),
            Column(_("Closed deals"), "count", "standard_path"),
            Column(_("Standard path"), "share", "standard_path"),
            Column(_("Skipped a stage"), "share", "standard_path"),
            Column(_("Came again"), "share", "standard_path"),
            Column(_("Went back"), "share", "standard_path"),
        ]
        rows = [
            [
                _("All") if row["is_total"] else row["team"] or _("no team"),
                *([row["process_name"]] if several else []),
                row["closed_deals"],
                *(ratio(row[f"{what}_deals"], row["closed_deals"]) for what in WAYS),
            ]
            for row in paths
        ]
        blocks.append(ranking(_("Deals on the standard path"), columns, rows))
    return blocks or [Sentence(_("No deal is known to have moved from stage to stage."))]


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
        _("{entered} in, {lost} lost", entered=compact(entered[stage]), lost=compact(lost[stage]))
        if lost[stage]
        else _("{entered} in", entered=compact(entered[stage]))
        for stage in stages
    ]
    drawing = process_map(list(zip(stages, notes, strict=True)), arrows)
    told = [
        _("{before} to {after} {deals}", before=stages[before], after=stages[after], deals=number(deals))
        for before, after, deals in arrows
    ]
    return Picture(
        caption=_("Deals from stage to stage of {process}", process=plain(process)),
        svg=drawing.svg,
        alt=_("Deals from stage to stage: {moves}.", moves=_("; ").join(told)),
        note=together(
            _("An arrow is as wide as many deals went that way."),
            _("Arrows above skip stages.") if any(after > before + 1 for before, after, _deals in arrows) else "",
            _("Arrows below, in the second colour, go back.")
            if any(after < before for before, after, _deals in arrows)
            else "",
            unreadable(drawing),
        ),
        is_wide=True,
        term="moves",
    )


def _slippage(reader: Reader) -> list[Block]:
    rows = reader.rows("sales_slippage")
    if not rows:
        return [Sentence(_("No source tells when its deals are expected to close."))]
    columns = [
        Column(_("Month"), term="slippage"),
        Column(_("To close"), "count", "slippage"),
        Column(_("Closed"), "count"),
        Column(_("Slipped"), "count", "slippage"),
        Column(_("Slippage"), "share", "slippage"),
        Column(_in(_("Slipped amount"), rows[0]["reporting_currency"]), "amount"),
        Column(_("Days moved, mean"), "days", "slippage"),
    ]
    return [
        Table(
            _("Deals that were to close in the month"),
            columns,
            [
                [
                    month(row["period_start"]), row["due_deals"], row["closed_deals"], row["slipped_deals"],
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
    currency = rows[0]["reporting_currency"]
    columns = [
        Column(_("Who")),
        Column(_("Period")),
        Column(_in(_("Target"), currency), "amount", "target"),
        Column(_in(_("Won so far"), currency), "amount", "won"),
        Column(_("Reached"), "share"),
        Column(_in(_("Open, to close in it"), currency), "amount"),
        Column(_("Coverage"), "share", "coverage"),
    ]
    return [
        ranking(
            _("Targets of the periods under way"),
            columns,
            [
                [
                    row["member"],
                    month(row["period_start"]) if row["period"] == "month" else _quarter(row["period_start"]),
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
        return [Sentence(_("No quarter has all four parts of sales velocity."))]
    several = len({row["source"] for row in rows}) > 1
    currency = rows[0]["reporting_currency"]
    columns = [
        Column(_("Quarter"), term="velocity"),
        *([Column(_("Source"))] if several else []),
        Column(_("Open deals"), "count", "open_deals"),
        Column(_("Win rate"), "share", "win_rate"),
        Column(_in(_("Deal size"), currency), "amount", "deal_size"),
        Column(_("Sales cycle, mean"), "days", "sales_cycle"),
        Column(
            _("Velocity, {unit} a day", unit=unit(currency)) if unit(currency) else _("Velocity, a day"),
            "amount",
            "velocity",
        ),
    ]
    return [
        ranking(
            _("Sales velocity and its four parts"),
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
    return _("Q{quarter} {year}", quarter=(first_day.month + 2) // 3, year=first_day.year)


def _reps(reps: list[Row], currency: str) -> list[Block]:
    if not reps:
        return [Sentence(_("No rep closed a deal in this window or has one open."))]
    bars = [Bar(row["rep_name"] or _("no rep"), float(row["won_amount"])) for row in reps if row["won_amount"]]
    columns = [
        Column(_("Rep")),
        Column(_in(_("Won amount"), currency), "amount", "won"),
        Column(_("Won"), "count", "won"),
        Column(_("Lost"), "count", "lost"),
        Column(_("Win rate"), "share", "win_rate"),
        Column(_("Open deals"), "count", "open_deals"),
        Column(_in(_("Pipeline"), currency), "amount", "pipeline"),
    ]
    rows = [
        [
            row["rep_name"] or _("no rep"),
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
        _in(_("Won amount by rep"), currency),
        bars,
        "won",
        _("No rep won an amount in this window."),
        rest=_("other reps"),
    )
    return [picture, ranking(_("Reps, by won amount"), columns, rows)]


def _products(products: list[Row], currency: str) -> list[Block]:
    if not products:
        return [Sentence(_("No deal closed in this window, so no product is named."))]
    bars = [
        Bar(row["product_name"] or _("no product"), float(row["won_amount"])) for row in products if row["won_amount"]
    ]
    columns = [
        Column(_("Product"), term="product"),
        Column(_in(_("Won amount"), currency), "amount", "won"),
        Column(_("Won"), "count", "won"),
        Column(_("Lost"), "count", "lost"),
        Column(_("Win rate"), "share", "win_rate"),
        Column(_("Deal size"), "amount", "deal_size"),
    ]
    rows = [
        [
            row["product_name"] or _("no product"),
            row["won_amount"],
            row["won_deals"],
            row["lost_deals"],
            _rate(row),
            row["deal_size"],
        ]
        for row in products
    ]
    picture = ranked(
        _in(_("Won amount by product"), currency),
        bars,
        "won",
        _("No product brought in an amount in this window."),
        rest=_("other products"),
    )
    return [picture, ranking(_("Products, by won amount"), columns, rows)]


def _teams(reader: Reader, currency: str) -> list[Block]:
    rows = reader.rows("sales_teams", currency=currency)
    blocks: list[Block] = []
    for kind, heading, caption, nobody, nothing in (
        (
            "team",
            _("Team"),
            _("Teams, by won amount"),
            _("no team"),
            _("No deal that closed in this window has a rep with a known team."),
        ),
        (
            "region",
            _("Region"),
            _("Regions, by won amount"),
            _("no region"),
            _("No deal that closed in this window has a rep with a known region."),
        ),
    ):
        groups = [row for row in rows if row["kind"] == kind]
        if not any(row["group_name"] for row in groups):
            blocks.append(Sentence(nothing))
            continue
        columns = [
            Column(heading),
            Column(_in(_("Won amount"), currency), "amount", "won"),
            Column(_("Won"), "count", "won"),
            Column(_("Lost"), "count", "lost"),
            Column(_("Win rate"), "share", "win_rate"),
        ]
        table = [
            [row["group_name"] or nobody, row["won_amount"], row["won_deals"], row["lost_deals"], _rate(row)]
            for row in groups
        ]
        blocks.append(ranking(caption, columns, table))
    return blocks


def _open_deals(reader: Reader, stages: list[Row], currency: str) -> list[Block]:
    largest = reader.rows("sales_largest_open", currency=currency)
    oldest = reader.rows("sales_oldest_in_stage")
    blocks: list[Block] = []
    if largest:
        columns = [
            Column(_("Deal")),
            Column(_("Company")),
            Column(_("Rep")),
            Column(_("Stage"), term="stage"),
            Column(_in(_("Amount"), currency), "amount"),
            Column(_c("date", "Created"), "date"),
        ]
        rows = [
            [
                row["deal_name"] or row["deal_id"],
                row["company_name"],
                row["rep_name"],
                row["stage_name"] or _(NO_STAGE),
                row["amount"],
                row["created_on"],
            ]
            for row in largest
        ]
        blocks.append(Table(_("The largest open deals"), columns, rows))
    if oldest:
        blocks.append(_oldest(oldest, stages))
    return blocks or [Sentence(_("No open deal has an amount or a known stage."))]


def _oldest(oldest: list[Row], stages: list[Row]) -> Table:
    usual = {(row["source"], row["stage_name"]): row["p90_days"] for row in stages}
    columns = [
        Column(_("Deal")),
        Column(_("Company")),
        Column(_("Rep")),
        Column(_("Stage"), term="stage"),
        Column(_("In stage"), "days"),
        Column(_("90 % of visits end within"), "days", "time_in_stage"),
        Column(_("Allowed stay"), "days"),
    ]
    rows = [
        [
            row["deal_name"] or row["deal_id"],
            row["company_name"],
            row["rep_name"],
            row["stage_name"],
            row["days_in_stage"],
            usual.get((row["source"], row["stage_name"])),
            row["may_stay_days"],
        ]
        for row in oldest
    ]
    late = sum(1 for row in rows if row[5] is not None and row[4] > row[5])
    stayed = _n(
        "{n} of these deals has stayed longer than nine of ten visits did.",
        "{n} of these deals have stayed longer than nine of ten visits did.",
        late,
    )
    allowed = _(
        "The allowed stay is what sales.yaml says, else the time within which nine of ten of the deals that were won "
        "had left the stage."
    )
    return Table(
        _("Longest in their stage"),
        columns,
        rows,
        note=together(stayed if late else "", allowed if any(row[6] is not None for row in rows) else ""),
    )


def _reminders(reader: Reader) -> list[Block]:
    rows = reader.rows("sales_reminders")
    if not rows:
        return [Sentence(_("No reminder was open in this window."))]
    columns = [
        Column(_("Rule")),
        Column(_("Began"), "count", "reminder"),
        Column(_("Proposed"), "count", "reminder"),
        Column(_("Sent"), "count", "reminder"),
        Column(_("Closed by themselves"), "count", "reminder"),
        Column(_("In doubt"), "count", "reminder"),
        Column(_("Open at the end"), "count", "reminder"),
    ]
    table = [
        [
            known(row["rule"].replace("_", " "), RULES),
            *(row[key] for key in ("began", "proposed", "sent", "closed", "doubtful", "still_open")),
        ]
        for row in rows
    ]
    return [ranking(_("Reminders, by rule"), columns, table)]
