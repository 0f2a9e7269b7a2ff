"""What the sales models tell, as sections of the sales report: what is to come, what is unusual, what will be won."""

from datetime import date

from include.reports.blocks import ranking
from include.reports.charts import Bar, Drawing, bars_with_forecast
from include.reports.model import Block, Column, Picture, Section, Sentence, Table
from include.reports.reader import Reader, Row
from include.reports.words import day, money, number, plural, share, unit

SERIES = {
    "new_deals": "New deals",
    "won_deals": "Won deals",
    "lost_deals": "Lost deals",
    "bookings": "Won amount",
    "activities": "Activities",
}
METHODS = {
    "seasonal_naive": "the season before",
    "exponential_smoothing": "exponential smoothing",
    "last_year": "the shape of last year",
    "pipeline": "the open pipeline and deals still to come",
    "blend": "the mean of several methods",
}


def sections(reader: Reader) -> list[Section]:
    """Forecast, chances of open deals and of leads, unusual figures, groups of alike accounts and deals."""
    leads = reader.rows("sales_leads")
    return [
        Section("What is to come", _forecast(reader)),
        Section("Which open deals will be won", _chances(reader)),
        # most sources have no leads, and a sentence that says so would be in every report
        *([Section("Which leads will be converted", _leads(leads))] if leads else []),
        Section("Unusual days and weeks", _anomalies(reader)),
        Section("Accounts and deals that behave alike", _clusters(reader)),
    ]


def _month(first_day: date) -> str:
    return f"{first_day:%b} {first_day.year}"


def _forecast(reader: Reader) -> list[Block]:
    ahead = reader.rows("sales_forecast")
    if not ahead:
        return [Sentence("No forecast was made by then: it takes 32 weeks with won deals, and is made once a week.")]
    past = reader.rows("sales_forecast_past")
    currency = next((row["reporting_currency"] for row in past if row["reporting_currency"]), "")
    first = ahead[0]
    done = [row for row in past if row["period_start"] < first["period_start"]]
    bars = [Bar(_month(row["period_start"]), float(row["bookings"])) for row in done]
    bars += [
        Bar(_month(row["period_start"]), float(row["expected"]), False,
            interval=(float(row["low_80"]), float(row["high_80"])))
        for row in ahead
    ]  # fmt: skip
    drawing: Drawing = bars_with_forecast(bars)
    amounts = f", {unit(currency)}" if unit(currency) else ""
    picture = Picture(
        caption=f"Won amount by month, and what is foretold{amounts}",
        svg=drawing.svg,
        alt=f"Won amount of {plural(len(done), 'month')}, then the forecast: "
        + ", ".join(f"{_month(row['period_start'])} {number(row['expected'], 0)}" for row in ahead)
        + ".",
        note="Light bars are foretold; the lines are the intervals that have the figure four times of five.",
        is_wide=True,
        term="forecast",
    )
    columns = [
        Column("Month", term="forecast"), Column(f"Expected{amounts}", "amount"), Column("80 % from", "amount"),
        Column("to", "amount"), Column("95 % from", "amount"), Column("to", "amount"),
    ]  # fmt: skip
    table = Table(
        "Foretold won amount",
        columns,
        [
            [_month(row["period_start"]), *(row[key] for key in ("expected", "low_80", "high_80", "low_95", "high_95"))]
            for row in ahead
        ],
        note=_method(first),
    )
    return [picture, table, *_accuracy(reader)]


def _method(row: Row) -> str:
    season = {52: "a year", 13: "a quarter"}.get(row["season"])
    told = f"From what was known on {day(row['known_to'])}, by {METHODS.get(row['method'], row['method'])}."
    if season and row["relative_to_naive"] is not None and row["months_relative_to_naive"] is not None:
        told += (
            f" In {plural(row['cuts'], 'forecast')} of the past, made again with what was known then, its error was"
            f" {share(row['relative_to_naive'])} of that of the same week {season} before, and of four weeks together"
            f" {share(row['months_relative_to_naive'])}."
        )
        if row["months_inside_80"] is not None:
            told += f" {share(row['months_inside_80'])} of such sums were inside the 80 % interval."
    return told


def _accuracy(reader: Reader) -> list[Block]:
    rows = reader.rows("sales_forecast_accuracy")
    if not rows:
        return [Sentence("No month that was foretold is over yet, so nothing is known of how forecasts turn out.")]
    columns = [
        Column("Months ahead", "count", "forecast_accuracy"), Column("Forecasts", "count"),
        Column("Mean error", "amount"), Column("Mean won amount", "amount"),
        Column("Inside 80 %", "share"),
    ]  # fmt: skip
    return [
        ranking(
            "How forecasts turned out",
            columns,
            [
                [row["periods_ahead"], row["forecasts"], row["mean_error"], row["mean_actual"], row["inside_80"]]
                for row in rows
            ],
        )
    ]


def _chances(reader: Reader) -> list[Block]:
    rows = reader.rows("sales_outlook")
    if not rows:
        return [
            Sentence(
                "Chances are told of the deals that are open on the newest day, once some have closed; there are none."
            )
        ]
    first = rows[0]
    currency = first["reporting_currency"] or ""
    amounts = f", {unit(currency)}" if unit(currency) else ""
    columns = [
        Column("Deal"), Column("Rep"), Column("Stage", term="stage"),
        Column(f"Amount{amounts}", "amount"), Column("Chance", "share", "win_probability"),
        Column("Its stage", "share", "stage_rate"), Column("Likely in"), Column("Why"),
    ]  # fmt: skip
    table = Table(
        "The open deals that bring in most, by amount × chance",
        columns,
        [
            [
                row["deal_name"] or row["deal_id"], row["rep_name"], row["stage_name"],
                row["reporting_amount"], row["win_probability"], row["stage_rate"],
                _month(row["likely_close_month"]) if row["likely_close_month"] else None,
                "; ".join([*row["reasons"], *row["unlike_peers"]]),
            ]
            for row in rows
        ],
        note=_judged(first),
    )  # fmt: skip
    total = money(first["expected_total"] or 0, currency)
    told = f"{plural(first['open_deals'], 'deal is', 'deals are')} open; by their chances they bring in {total}."
    if first["unlike_deals"]:
        n = first["unlike_deals"]
        told += f" {plural(n, 'of them is', 'of them are')} unlike {'its' if n == 1 else 'their'} peers."
    return [Sentence(told), table]


def _leads(rows: list[Row]) -> list[Block]:
    first = rows[0]
    columns = [
        Column("Lead"), Column("Rep"), Column("Stage"), Column("Source"), Column("Since"),
        Column("Chance", "share", "conversion_probability"), Column("Its stage", "share", "lead_stage_rate"),
        Column("Why"),
    ]  # fmt: skip
    table = Table(
        "The open leads that are likeliest to be converted",
        columns,
        [
            [
                row["full_name"] or row["lead_id"], row["rep_name"], row["stage_name"], row["lead_source"],
                day(row["created_on"]), row["conversion_probability"], row["stage_rate"],
                "; ".join(row["reasons"]),
            ]
            for row in rows
        ],
        note=_judged(first, "lead", "converted"),
    )  # fmt: skip
    told = (
        f"{plural(first['open_leads'], 'lead of the last 180 days is', 'leads of the last 180 days are')} open; by"
        f" their chances {number(first['expected_conversions'], 0)} will be converted within 180 days of being made."
    )
    return [Sentence(told), table]


def _judged(row: Row, what: str = "deal", end: str = "won") -> str:
    if row["method"] == "stage_rate":
        return f"The chance is the share of {what}s of the stage that were {end}, no model: {row['reason']}."
    return (
        f"On {plural(row[f'later_{what}s'], f'later {what}')} that the model had not seen, its Brier score was"
        f" {number(row['brier'], 3)}, that of the stages’ rates {number(row['brier_stage_rate'], 3)} (lower is better);"
        f" chances were off by {share(row['calibration_error'])} on average."
    )


def _anomalies(reader: Reader) -> list[Block]:
    rows = reader.rows("sales_anomalies")
    if not rows:
        return [Sentence("No day and no week was out of the range that its own history allows for.")]
    columns = [
        Column("When"), Column("What"), Column("Was", "amount", "anomaly"), Column("Expected", "amount"),
        Column("Range from", "amount"), Column("to", "amount"), Column("Explained most by"),
    ]  # fmt: skip
    return [
        Table(
            "Figures out of their range",
            columns,
            [
                [
                    f"{'week of ' if row['period'] == 'week' else ''}{day(row['period_start'])}",
                    SERIES.get(row["series"], row["series"]), row["actual"], row["expected"], row["low"], row["high"],
                    "; ".join(row["explained_by"]),
                ]
                for row in rows
            ],
        )
    ]  # fmt: skip


def _clusters(reader: Reader) -> list[Block]:
    rows = reader.rows("sales_clusters")
    blocks: list[Block] = []
    for what in ("accounts", "open deals"):
        groups = [row for row in rows if row["what"] == what]
        if not groups:
            blocks.append(Sentence(f"There are no groups of {what} that can be told apart, or none of this day."))
            continue
        columns = [
            Column("Group", term="sales_cluster"),
            Column(what.capitalize(), "count"),
            Column("Moved here", "count"),
        ]
        blocks.append(
            ranking(f"Groups of {what}", columns, [[row["cluster"], row["members"], row["moved"]] for row in groups])
        )
    return blocks
