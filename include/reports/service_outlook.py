"""What the service models tell, as sections of the service report: topics, ways, what is to come, what was unusual."""

from datetime import date

from include.reports.blocks import grid, ranking
from include.reports.charts import fan
from include.reports.model import Block, Column, Picture, Section, Sentence, Table
from include.reports.reader import Reader, Row
from include.reports.words import day, number, plural, share

WEEK = 7


def sections(reader: Reader) -> list[Section]:
    """What tickets are about, how they go, how many will come, which days and weeks were unusual."""
    return [
        Section("Topics", _topics(reader)),
        Section("Ways that tickets go", _ways(reader)),
        Section("What is to come", _forecast(reader)),
        Section("What was unusual", _anomalies(reader)),
    ]


def _topics(reader: Reader) -> list[Block]:
    rows = reader.rows("service_topics")
    if not rows:
        return [Sentence("There are no topics that can be told apart, or none of this day.")]
    new = [row["topic"] for row in rows if row["is_new"]]
    blocks: list[Block] = []
    if new:
        blocks.append(Sentence(f"New in the last month: {'; '.join(new)}."))
    columns = [
        Column("Topic", term="topic"), Column("Language"), Column("Tickets", "count", "topic"),
        Column("28 days before", "count"), Column("Growth", "share", "topic_growth"),
        Column("With a broken promise", "share", "topic_breached"), Column("CSAT", "share", "csat"),
        Column("n", "count", "csat"), Column("Examples"),
    ]  # fmt: skip
    table = [
        [
            f"{row['topic']}{' (new)' if row['is_new'] else ''}", row["language"], row["tickets"],
            row["tickets_before"], row["growth"], row["breached_share"], row["csat"], row["ratings"],
            ", ".join(ticket.partition(":")[2] for ticket in row["example_tickets"]),
        ]
        for row in rows
    ]  # fmt: skip
    more = rows[0]["topics"] - len(rows)
    note = f"{plural(more, 'topic', 'topics')} with fewer tickets {'is' if more == 1 else 'are'} not shown."
    return [
        *blocks,
        Table("What tickets of the last 28 days are about", columns, table, note=note if more else ""),
    ]


def _ways(reader: Reader) -> list[Block]:
    rows = reader.rows("service_ways")
    if not rows:
        return [Sentence("There are no ways that tickets go that can be told apart, or none of this day.")]
    columns = [
        Column("Way", term="way"), Column("Tickets", "count", "way"),
        Column("First reply, median", "minutes", "first_reply_time"),
        Column("Full resolution, median", "minutes", "full_resolution"),
        Column("Business hours, median", "minutes", "full_resolution"),
        Column("An agent’s to work on, median", "minutes", "way_work"),
        Column("Replies, mean", "amount"), Column("Handoffs, mean", "amount", "handoffs"),
        Column("Reopened", "share", "reopen_rate"), Column("CSAT", "share", "csat"), Column("n", "count", "csat"),
    ]  # fmt: skip
    keys = ("way", "tickets", "reply_minutes", "resolution_minutes", "resolution_business_minutes",
            "work_business_minutes", "mean_replies", "mean_handoffs", "reopen_rate", "csat", "ratings")  # fmt: skip
    return [ranking("Tickets solved in the last 90 days", columns, [[row[key] for key in keys] for row in rows])]


def _forecast(reader: Reader) -> list[Block]:
    rows = reader.rows("service_forecast")
    if not rows:
        return [Sentence("No forecast was made by then: it takes twelve weeks with tickets, and is made once a week.")]
    past = [(row["day_on"], row["tickets"]) for row in reader.rows("service_forecast_past")]
    days = [row for row in rows if row["period"] == "day"]
    hours = [row for row in rows if row["period"] == "hour"]
    drawing = fan(
        [_short(on) for on, _ in past] + [_short(row["period_start"].date()) for row in days],
        [float(tickets) for _, tickets in past],
        [float(row["expected"]) for row in days],
        [[(float(row[f"low_{level}"]), float(row[f"high_{level}"])) for row in days] for level in (95, 80)],
    )
    weeks = [sum(row["expected"] for row in days[start : start + WEEK]) for start in range(0, len(days), WEEK)]
    picture = Picture(
        caption="Tickets created by day, and what is foretold",
        svg=drawing.svg,
        alt=f"Tickets of the {len(past)} days up to {day(days[0]['known_to'])}: {number(sum(t for _, t in past))} in "
        "all. Foretold by week: " + ", ".join(number(week, 0) for week in weeks) + ".",
        note="The bands have the figure four times of five, and nineteen times of twenty.",
        is_wide=True,
        term="service_forecast",
    )
    columns = [
        Column("Day", term="service_forecast"), Column("Expected", "amount"), Column("80 % from", "count"),
        Column("to", "count"), Column("95 % from", "count"), Column("to", "count"),
    ]  # fmt: skip
    table = Table(
        "Foretold tickets of two weeks",
        columns,
        [
            [f"{row['period_start']:%a} {_short(row['period_start'].date())}",
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
        "Tickets to be ready for, by day and hour",
        [f"{on:%a} {_short(on)}" for on in dates],
        [f"{hour:02}" for hour in range(24)],
        [[most[on, hour] for hour in range(24)] for on in dates],
        "service_forecast",
        "No hour of the week to come is likely to have a ticket.",
        read="The upper end of the 80 % interval: nine hours of ten have no more.",
    )


def _judged(row: Row) -> str:
    told = f"From what was known on {day(row['known_to'])}."
    if row["hours_relative"] is not None:
        told += (
            f" In {plural(row['cuts'], 'forecast')} of the past, made again with what was known then, its error by hour"
            f" was {share(row['hours_relative'])} of that of the same hour a week before, and by day"
            f" {share(row['days_relative'])}."
        )
    if row["days_inside_80"] is not None:
        told += f" {share(row['days_inside_80'])} of the days were inside the 80 % interval."
    return told


def _short(on: date) -> str:
    return f"{on.day} {on:%b}"


def _anomalies(reader: Reader) -> list[Block]:
    rows = reader.rows("service_anomalies")
    if not rows:
        return [Sentence("No day and no week had a number of tickets that its own history does not allow for.")]
    columns = [
        Column("When"), Column("Tickets", "count", "anomaly"), Column("Expected", "amount"),
        Column("Range from", "count"), Column("to", "count"), Column("Explained most by", term="explained_by"),
    ]  # fmt: skip
    table = [
        [
            f"week of {day(row['period_start'])}" if row["period"] == "week" else day(row["period_start"]),
            row["actual"], row["expected"], row["low"], row["high"], "; ".join(row["explained_by"]),
        ]
        for row in rows
    ]  # fmt: skip
    return [Table("Days and weeks out of their range", columns, table)]
