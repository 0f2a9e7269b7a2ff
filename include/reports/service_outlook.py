"""What the service models tell, as sections of the service report: topics, ways, what is to come, what was unusual."""

from datetime import date

from babel import Locale
from babel.dates import format_skeleton

from include.reports.blocks import grid, ranking
from include.reports.charts import fan
from include.reports.language import _, _n, language
from include.reports.model import Block, Column, Picture, Section, Sentence, Table
from include.reports.reader import Reader, Row
from include.reports.retold import explained, group
from include.reports.words import day, number, share, short_day, together

WEEK = 7


def sections(reader: Reader) -> list[Section]:
    """What tickets are about, how they go, how many will come, which days and weeks were unusual."""
    return [
        Section(_("Topics"), _topics(reader)),
        Section(_("Ways that tickets go"), _ways(reader)),
        Section(_("What is to come"), _forecast(reader)),
        Section(_("What was unusual"), _anomalies(reader)),
    ]


def _topics(reader: Reader) -> list[Block]:
    rows = reader.rows("service_topics")
    if not rows:
        return [Sentence(_("There are no topics that can be told apart, or none of this day."))]
    new = [row["topic"] for row in rows if row["is_new"]]
    blocks: list[Block] = []
    if new:
        blocks.append(Sentence(_("New in the last month: {topics}.", topics=_("; ").join(new))))
    columns = [
        Column(_("Topic"), term="topic"), Column(_("Language")), Column(_("Tickets"), "count", "topic"),
        Column(_("28 days before"), "count"), Column(_("Growth"), "share", "topic_growth"),
        Column(_("With a broken promise"), "share", "topic_breached"), Column(_("CSAT"), "share", "csat"),
        Column(_("n"), "count", "csat"), Column(_("Examples")),
    ]  # fmt: skip
    table = [
        [
            _("{topic} (new)", topic=row["topic"]) if row["is_new"] else row["topic"],
            _language_name(row["language"]), row["tickets"],
            row["tickets_before"], row["growth"], row["breached_share"], row["csat"], row["ratings"],
            _(", ").join(ticket.partition(":")[2] for ticket in row["example_tickets"]),
        ]
        for row in rows
    ]  # fmt: skip
    more = rows[0]["topics"] - len(rows)
    note = _n(
        "{n} topic with fewer tickets is not shown.", "{n} topics with fewer tickets are not shown.", max(more, 0)
    )
    return [
        *blocks,
        Table(_("What tickets of the last 28 days are about"), columns, table, note=note if more else ""),
    ]


def _ways(reader: Reader) -> list[Block]:
    rows = reader.rows("service_ways")
    if not rows:
        return [Sentence(_("There are no ways that tickets go that can be told apart, or none of this day."))]
    columns = [
        Column(_("Way"), term="way"), Column(_("Tickets"), "count", "way"),
        Column(_("First reply, median"), "minutes", "first_reply_time"),
        Column(_("Full resolution, median"), "minutes", "full_resolution"),
        Column(_("Business hours, median"), "minutes", "full_resolution"),
        Column(_("An agent’s to work on, median"), "minutes", "way_work"),
        Column(_("Replies, mean"), "amount"), Column(_("Handoffs, mean"), "amount", "handoffs"),
        Column(_("Reopened"), "share", "reopen_rate"), Column(_("CSAT"), "share", "csat"),
        Column(_("n"), "count", "csat"),
    ]  # fmt: skip
    keys = ("tickets", "reply_minutes", "resolution_minutes", "resolution_business_minutes",
            "work_business_minutes", "mean_replies", "mean_handoffs", "reopen_rate", "csat", "ratings")  # fmt: skip
    table = [[group(row["way"]), *(row[key] for key in keys)] for row in rows]
    return [ranking(_("Tickets solved in the last 90 days"), columns, table)]


def _language_name(code: str) -> str:
    """``en``, 英语."""
    return code if language() == "en" else Locale(language()).languages.get(code, code)


def _forecast(reader: Reader) -> list[Block]:
    rows = reader.rows("service_forecast")
    if not rows:
        return [
            Sentence(_("No forecast was made by then: it takes twelve weeks with tickets, and is made once a week."))
        ]
    past = [(row["day_on"], row["tickets"]) for row in reader.rows("service_forecast_past")]
    days = [row for row in rows if row["period"] == "day"]
    hours = [row for row in rows if row["period"] == "hour"]
    drawing = fan(
        [short_day(on) for on, _tickets in past] + [short_day(row["period_start"].date()) for row in days],
        [float(tickets) for _on, tickets in past],
        [float(row["expected"]) for row in days],
        [[(float(row[f"low_{level}"]), float(row[f"high_{level}"])) for row in days] for level in (95, 80)],
    )
    weeks = [sum(row["expected"] for row in days[start : start + WEEK]) for start in range(0, len(days), WEEK)]
    picture = Picture(
        caption=_("Tickets created by day, and what is foretold"),
        svg=drawing.svg,
        alt=_(
            "Tickets of the {days} days up to {day}: {tickets} in all. Foretold by week: {weeks}.",
            days=len(past),
            day=day(days[0]["known_to"]),
            tickets=number(sum(tickets for _on, tickets in past)),
            weeks=_(", ").join(number(week, 0) for week in weeks),
        ),
        note=_("The bands have the figure four times of five, and nineteen times of twenty."),
        is_wide=True,
        term="service_forecast",
    )
    columns = [
        Column(_("Day"), term="service_forecast"), Column(_("Expected"), "amount"), Column(_("80 % from"), "count"),
        Column(_("to"), "count"), Column(_("95 % from"), "count"), Column(_("to"), "count"),
    ]  # fmt: skip
    table = Table(
        _("Foretold tickets of two weeks"),
        columns,
        [
            [_weekday(row["period_start"].date()),
             *(row[key] for key in ("expected", "low_80", "high_80", "low_95", "high_95"))]
            for row in days[: 2 * WEEK]
        ],
        note=_judged(days[0]),
    )  # fmt: skip
    return [picture, _by_hour(days[:WEEK], hours), table]


def _by_hour(days: list[Row], hours: list[Row]) -> Block:
    """The first week ahead; few tickets come in an hour, so what is told is what is rarely passed."""
    most = {(row["period_start"].date(), row["period_start"].hour): int(row["high_80"]) for row in hours}
    dates = [row["period_start"].date() for row in days]
    return grid(
        _("Tickets to be ready for, by day and hour"),
        [_weekday(on) for on in dates],
        [f"{hour:02}" for hour in range(24)],
        [[most[on, hour] for hour in range(24)] for on in dates],
        "service_forecast",
        _("No hour of the week to come is likely to have a ticket."),
        read=_("The upper end of the 80 % interval: nine hours of ten have no more."),
    )


def _judged(row: Row) -> str:
    told = [_("From what was known on {day}.", day=day(row["known_to"]))]
    if row["hours_relative"] is not None:
        told.append(
            _n(
                "In {n} forecast of the past, made again with what was known then, its error by hour was {hours} of"
                " that of the same hour a week before, and by day {days}.",
                "In {n} forecasts of the past, made again with what was known then, its error by hour was {hours} of"
                " that of the same hour a week before, and by day {days}.",
                row["cuts"],
                hours=share(row["hours_relative"]),
                days=share(row["days_relative"]),
            )
        )
    if row["days_inside_80"] is not None:
        told.append(_("{share} of the days were inside the 80 % interval.", share=share(row["days_inside_80"])))
    return together(*told)


def _weekday(on: date) -> str:
    """``Mon 16 Nov``, 11月16日周一."""
    return f"{on:%a} {short_day(on)}" if language() == "en" else format_skeleton("MMMEd", on, locale=language())


def _anomalies(reader: Reader) -> list[Block]:
    rows = reader.rows("service_anomalies")
    if not rows:
        return [Sentence(_("No day and no week had a number of tickets that its own history does not allow for."))]
    columns = [
        Column(_("When")), Column(_("Tickets"), "count", "anomaly"), Column(_("Expected"), "amount"),
        Column(_("Range from"), "count"), Column(_("to"), "count"), Column(_("Explained most by"), term="explained_by"),
    ]  # fmt: skip
    table = [
        [
            _("week of {day}", day=day(row["period_start"])) if row["period"] == "week" else day(row["period_start"]),
            row["actual"], row["expected"], row["low"], row["high"], explained(row["explained_by"]),
        ]
        for row in rows
    ]  # fmt: skip
    return [Table(_("Days and weeks out of their range"), columns, table)]
