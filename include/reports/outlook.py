"""What the sales models tell, as sections of the sales report: what is to come, what is unusual, what will be won."""

from include.reports.blocks import ranking
from include.reports.charts import Bar, Drawing, bars_with_forecast
from include.reports.language import N_, _, _c, _n
from include.reports.model import Block, Column, Picture, Section, Sentence, Table
from include.reports.reader import Reader, Row
from include.reports.retold import explained, group, no_model, why
from include.reports.words import day, money, month, number, share, together, unit

SERIES = {
    "new_deals": N_("New deals"),
    "won_deals": N_("Won deals"),
    "lost_deals": N_("Lost deals"),
    "bookings": N_("Won amount"),
    "activities": N_("Activities"),
}
METHODS = {
    "seasonal_naive": N_("the season before"),
    "exponential_smoothing": N_("exponential smoothing"),
    "last_year": N_("the shape of last year"),
    "pipeline": N_("the open pipeline and deals still to come"),
    "blend": N_("the mean of several methods"),
}
SEASONS = {52: N_("a year"), 13: N_("a quarter")}  # by weeks


def sections(reader: Reader) -> list[Section]:
    """Forecast, chances of open deals and of leads, unusual figures, groups of alike accounts and deals."""
    leads = reader.rows("sales_leads")
    return [
        Section(_("What is to come"), _forecast(reader)),
        Section(_("Which open deals will be won"), _chances(reader)),
        # most sources have no leads, and a sentence that says so would be in every report
        *([Section(_("Which leads will be converted"), _leads(leads))] if leads else []),
        Section(_("Unusual days and weeks"), _anomalies(reader)),
        Section(_("Accounts and deals that behave alike"), _clusters(reader)),
    ]


def _forecast(reader: Reader) -> list[Block]:
    ahead = reader.rows("sales_forecast")
    if not ahead:
        return [Sentence(_("No forecast was made by then: it takes 32 weeks with won deals, and is made once a week."))]
    past = reader.rows("sales_forecast_past")
    currency = next((row["reporting_currency"] for row in past if row["reporting_currency"]), "")
    first = ahead[0]
    done = [row for row in past if row["period_start"] < first["period_start"]]
    bars = [Bar(month(row["period_start"]), float(row["bookings"])) for row in done]
    bars += [
        Bar(month(row["period_start"]), float(row["expected"]), False,
            interval=(float(row["low_80"]), float(row["high_80"])))
        for row in ahead
    ]  # fmt: skip
    drawing: Drawing = bars_with_forecast(bars)
    foretold = [_("{month} {value}", month=month(r["period_start"]), value=number(r["expected"], 0)) for r in ahead]
    picture = Picture(
        caption=_in(_("Won amount by month, and what is foretold"), currency),
        svg=drawing.svg,
        alt=_n(
            "Won amount of {n} month, then the forecast: {foretold}.",
            "Won amount of {n} months, then the forecast: {foretold}.",
            len(done),
            foretold=_(", ").join(foretold),
        ),
        note=together(
            _("Light bars are foretold; the lines are the intervals that have the figure four times of five."),
            _beside_naive(first),
        ),
        is_wide=True,
        term="forecast",
    )
    columns = [
        Column(_("Month"), term="forecast"), Column(_in(_("Expected"), currency), "amount"),
        Column(_("80 % from"), "amount"), Column(_("to"), "amount"),
        Column(_("95 % from"), "amount"), Column(_("to"), "amount"),
    ]  # fmt: skip
    table = Table(
        _("Foretold won amount"),
        columns,
        [
            [month(row["period_start"]), *(row[key] for key in ("expected", "low_80", "high_80", "low_95", "high_95"))]
            for row in ahead
        ],
        note=together(_method(first), _floor(ahead)),
    )
    return [picture, table, *_accuracy(reader)]


def _in(label: str, currency: str) -> str:
    """``Expected, USD``; without a unit where there is none."""
    return _("{label}, {unit}", label=label, unit=unit(currency)) if unit(currency) else label


def _method(row: Row) -> str:
    season, method = SEASONS.get(row["season"]), METHODS.get(row["method"])
    told = _(
        "From what was known on {day}, by {method}.",
        day=day(row["known_to"]), method=_(method) if method else row["method"],
    )  # fmt: skip
    if not season or row["relative_to_naive"] is None or row["months_relative_to_naive"] is None:
        return told
    judged = _n(
        "In {n} forecast of the past, made again with what was known then, its error was {weeks} of that of the same"
        " week {season} before, and of four weeks together {months}.",
        "In {n} forecasts of the past, made again with what was known then, its error was {weeks} of that of the same"
        " week {season} before, and of four weeks together {months}.",
        row["cuts"],
        weeks=share(row["relative_to_naive"]),
        season=_(season),
        months=share(row["months_relative_to_naive"]),
    )
    inside = row["months_inside_80"]
    return together(
        told,
        judged,
        "" if inside is None else _("{share} of such sums were inside the 80 % interval.", share=share(inside)),
    )


def _beside_naive(row: Row) -> str:
    """Said when sums of four weeks were foretold no better than by what the season before had."""
    season, ratio = SEASONS.get(row["season"]), row["months_relative_to_naive"]
    if not season or ratio is None or ratio < 1:
        return ""
    return _(
        "By months it has been no better than the season before: what the same weeks {season} before had was at"
        " least as near to what came.",
        season=_(season),
    )


def _floor(ahead: list[Row]) -> str:
    """Why low ends are alike, where they are cut off."""
    if not any(row["known_amount"] in (row["low_80"], row["low_95"]) for row in ahead):
        return ""
    return _(
        "No interval begins below what was won in its month by then, which is 0 for months to come: where low ends are"
        " alike, that is why."
    )


def _accuracy(reader: Reader) -> list[Block]:
    rows = reader.rows("sales_forecast_accuracy")
    if not rows:
        return [Sentence(_("No month that was foretold is over yet, so nothing is known of how forecasts turn out."))]
    columns = [
        Column(_("Months ahead"), "count", "forecast_accuracy"), Column(_("Forecasts"), "count"),
        Column(_("Mean error"), "amount"), Column(_("Mean won amount"), "amount"),
        Column(_("Inside 80 %"), "share"),
    ]  # fmt: skip
    return [
        ranking(
            _("How forecasts turned out"),
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
                _(
                    "Chances are told of the deals that are open on the newest day, once some have closed; there are"
                    " none."
                )
            )
        ]
    first = rows[0]
    currency = first["reporting_currency"] or ""
    columns = [
        Column(_("Deal")), Column(_("Rep")), Column(_("Stage"), term="stage"),
        Column(_in(_("Amount"), currency), "amount"), Column(_("Chance"), "share", "win_probability"),
        Column(_("Its stage"), "share", "stage_rate"), Column(_("Likely in")), Column(_("Why")),
    ]  # fmt: skip
    table = Table(
        _("The open deals that bring in most, by amount × chance"),
        columns,
        [
            [
                row["deal_name"] or row["deal_id"], row["rep_name"], row["stage_name"],
                row["reporting_amount"], row["win_probability"], row["stage_rate"],
                month(row["likely_close_month"]) if row["likely_close_month"] else None,
                why(row["reasons"], row["unlike_peers"]),
            ]
            for row in rows
        ],
        note=_judged_deals(first),
    )  # fmt: skip
    told = _n(
        "{n} deal is open; by their chances they bring in {amount}.",
        "{n} deals are open; by their chances they bring in {amount}.",
        first["open_deals"],
        amount=money(first["expected_total"] or 0, currency),
    )
    unlike = _n("{n} of them is unlike its peers.", "{n} of them are unlike their peers.", first["unlike_deals"])
    return [Sentence(together(told, unlike if first["unlike_deals"] else "")), table]


def _leads(rows: list[Row]) -> list[Block]:
    first = rows[0]
    columns = [
        Column(_("Lead")), Column(_("Rep")), Column(_("Stage")), Column(_c("lead", "Source")), Column(_("Since")),
        Column(_("Chance"), "share", "conversion_probability"), Column(_("Its stage"), "share", "lead_stage_rate"),
        Column(_("Why")),
    ]  # fmt: skip
    table = Table(
        _("The open leads that are likeliest to be converted"),
        columns,
        [
            [
                row["full_name"] or row["lead_id"], row["rep_name"], row["stage_name"], row["lead_source"],
                day(row["created_on"]), row["conversion_probability"], row["stage_rate"],
                why(row["reasons"]),
            ]
            for row in rows
        ],
        note=_judged_leads(first),
    )  # fmt: skip
    told = _n(
        "{n} lead of the last 180 days is open; by their chances {converted} will be converted within 180 days of"
        " being made.",
        "{n} leads of the last 180 days are open; by their chances {converted} will be converted within 180 days of"
        " being made.",
        first["open_leads"],
        converted=number(first["expected_conversions"], 0),
    )
    return [Sentence(told), table]


def _judged_deals(row: Row) -> str:
    if row["method"] == "stage_rate":
        return _(
            "The chance is the share of deals of the stage that were won, no model: {reason}.",
            reason=no_model(row["reason"]),
        )
    return _n(
        "On {n} later deal that the model had not seen, its Brier score was {brier}, that of the stages’ rates {rates}"
        " (lower is better); chances were off by {off} on average.",
        "On {n} later deals that the model had not seen, its Brier score was {brier}, that of the stages’ rates {rates}"
        " (lower is better); chances were off by {off} on average.",
        row["later_deals"],
        **_scores(row),
    )


def _judged_leads(row: Row) -> str:
    if row["method"] == "stage_rate":
        return _(
            "The chance is the share of leads of the stage that were converted, no model: {reason}.",
            reason=no_model(row["reason"]),
        )
    return _n(
        "On {n} later lead that the model had not seen, its Brier score was {brier}, that of the stages’ rates {rates}"
        " (lower is better); chances were off by {off} on average.",
        "On {n} later leads that the model had not seen, its Brier score was {brier}, that of the stages’ rates {rates}"
        " (lower is better); chances were off by {off} on average.",
        row["later_leads"],
        **_scores(row),
    )


def _scores(row: Row) -> dict[str, str]:
    return {
        "brier": number(row["brier"], 3), "rates": number(row["brier_stage_rate"], 3),
        "off": share(row["calibration_error"]),
    }  # fmt: skip


def _anomalies(reader: Reader) -> list[Block]:
    rows = reader.rows("sales_anomalies")
    if not rows:
        return [Sentence(_("No day and no week was out of the range that its own history allows for."))]
    columns = [
        Column(_("When")), Column(_("What")), Column(_("Was"), "amount", "anomaly"), Column(_("Expected"), "amount"),
        Column(_("Range from"), "amount"), Column(_("to"), "amount"), Column(_("Explained most by")),
    ]  # fmt: skip
    return [
        Table(
            _("Figures out of their range"),
            columns,
            [
                [
                    _("week of {day}", day=day(row["period_start"]))
                    if row["period"] == "week"
                    else day(row["period_start"]),
                    _(SERIES[row["series"]]) if row["series"] in SERIES else row["series"],
                    row["actual"], row["expected"], row["low"], row["high"], explained(row["explained_by"]),
                ]
                for row in rows
            ],
        )
    ]  # fmt: skip


def _clusters(reader: Reader) -> list[Block]:
    rows = reader.rows("sales_clusters")
    blocks: list[Block] = []
    for what, heading, caption, nothing in (
        (
            "accounts",
            _("Accounts"),
            _("Groups of accounts"),
            _("There are no groups of accounts that can be told apart, or none of this day."),
        ),
        (
            "open deals",
            _("Open deals"),
            _("Groups of open deals"),
            _("There are no groups of open deals that can be told apart, or none of this day."),
        ),
    ):
        groups = [row for row in rows if row["what"] == what]
        if not groups:
            blocks.append(Sentence(nothing))
            continue
        columns = [Column(_("Group"), term="sales_cluster"), Column(heading, "count"), Column(_("Moved here"), "count")]
        table = [[group(row["cluster"]), row["members"], row["moved"]] for row in groups]
        blocks.append(ranking(caption, columns, table))
    return blocks
