"""The service report: what came in, how fast it was answered and solved, what waits, what models tell."""

from collections import Counter
from decimal import Decimal

from include.reports import doubts, service_outlook
from include.reports.blocks import grid, per_bucket, ranked, ranking, ratio
from include.reports.charts import Bar, flow_and_stock
from include.reports.frame import Frame
from include.reports.language import _, _n
from include.reports.model import Block, Column, Picture, Report, Section, Sentence, Table, Tile
from include.reports.reader import Reader, Row
from include.reports.words import (
    compare,
    day,
    listed,
    minutes,
    more_or_less,
    name,
    number,
    plural,
    sentence,
    share,
)

PRIORITIES = ("urgent", "high", "normal", "low", "none")
AGE_BANDS = ("0-1 days", "1-3 days", "3-7 days", "7-30 days", "over 30 days")
MEASURES = {
    "first_reply": "First reply",
    "next_reply": "Next reply",
    "requester_wait": "Solving (customer waits)",
    "agent_work": "Solving (agent works)",
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def build(reader: Reader, frame: Frame) -> Report:
    """The service report of a frame."""
    reader.rows("service_ticket_state")
    reader.rows("service_rating")
    figures = {row["period"]: row for row in reader.rows("service_figures")}
    now, before = figures["current"], figures["previous"]
    days = reader.rows("service_days")
    return Report(
        subject="service",
        title="Service",
        changes=[*_changes(frame, now, before), *_usual(frame, days)],
        doubts=[
            *doubts.of_sources(reader, frame),
            *_doubts(now),
            *_contradictions(reader),
            *doubts.of_few(
                rated := now["good_ratings"] + now["bad_ratings"], _("CSAT"), _n("{n} rating", "{n} ratings", rated)
            ),
            *doubts.of_few(
                now["first_replies"],
                _("first reply time"),
                _n("{n} first reply", "{n} first replies", now["first_replies"]),
            ),
        ],
        tiles=_tiles(frame, now, before),
        sections=[
            Section("Created, solved and what is left", _flow(frame, days)),
            Section("Backlog at the end", _backlog(reader, now)),
            Section("Service levels", _levels(reader, frame)),
            Section("When tickets come", _hours(reader, frame)),
            Section("Channels", _channels(reader)),
            Section("Agents", _agents(reader)),
            Section("Touches", _touches(now)),
            *service_outlook.sections(reader),
        ],
    )


def csat(row: Row) -> Decimal | None:
    """Good ÷ (good + bad); None without a rating."""
    return ratio(row["good_ratings"], row["good_ratings"] + row["bad_ratings"])


def _changes(frame: Frame, now: Row, before: Row) -> list[str]:
    flow = frame.flow
    created, solved = now["created_tickets"], now["solved_tickets"]
    said = [
        f"{sentence(plural(created, 'ticket'))} came in, "
        f"{more_or_less(created, before['created_tickets'], 'count', flow)}; "
        f"{number(solved) if solved else 'none'} {'was' if solved == 1 else 'were'} solved, "
        f"{more_or_less(solved, before['solved_tickets'], 'count', flow)}."
    ]
    backlog, backlog_before = now["backlog"], before["backlog"]
    moved = backlog - backlog_before
    trend = (
        "as many as at the start"
        if not moved
        else f"{number(abs(moved))} {'more' if moved > 0 else 'fewer'} than at the start"
    )
    unreplied = f", {number(now['unreplied'])} of them without a first reply" if now["unreplied"] else ""
    said.append(f"At the end {plural(backlog, 'ticket waits', 'tickets wait')}, {trend}{unreplied}.")
    if now["reply_median"] is not None:
        then = before["reply_median"]
        told = f"; {flow.at} it was {minutes(then)}" if then is not None else ""
        said.append(
            f"Half of the first replies came within {minutes(now['reply_median'])}{told}. "
            f"Nine of ten came within {minutes(now['reply_p90'])}."
        )
    else:
        said.append("No ticket got its first reply in this window.")
    rating, rating_before = csat(now), csat(before)
    if rating is not None:
        told = "" if rating_before is None else f"; {flow.at} it was {share(rating_before)}"
        n = now["good_ratings"] + now["bad_ratings"]
        said.append(f"Of {plural(n, 'rating')}, {share(rating)} {'was' if n == 1 else 'were'} good{told}.")
    return said


def _usual(frame: Frame, days: list[Row]) -> list[str]:
    """A single day says little: what is usual."""
    if frame.length > 1:
        return []
    created, solved = (
        Decimal(sum(row[what] for row in days)) / len(days) for what in ("created_tickets", "solved_tickets")
    )
    return [
        f"Over the {len(days)} days up to here a day had {number(created)} created and {number(solved)} solved tickets "
        "on average."
    ]


def _doubts(now: Row) -> list[str]:
    said = []
    untimed = now["first_replies"] - now["business_replies"]
    if untimed:
        said.append(
            f"{plural(untimed, 'first reply has', 'first replies have')} no business time, because the schedule is not "
            "laid out that far; the business figures leave them out."
        )
    if now["solved_tickets"] and now["untouched"] == now["solved_tickets"]:
        said.append("No public comment of an agent is known on any solved ticket, so touches say little.")
    return said


def _tiles(frame: Frame, now: Row, before: Row) -> list[Tile]:
    flow, stock = frame.flow, frame.stock

    def count(label: str, key: str, term: str, better: str | None = None, phrase=flow) -> Tile:
        return Tile(label, "count", now[key], term, "", compare("count", now[key], before[key], phrase, better))

    def time(label: str, key: str, term: str) -> Tile:
        return Tile(label, "minutes", now[key], term, "", compare("minutes", now[key], before[key], flow, "down"))

    def rate(label: str, part: str, term: str, better: str) -> Tile:
        current, previous = (ratio(row[part], row["solved_tickets"]) for row in (now, before))
        return Tile(label, "share", current, term, "", compare("share", current, previous, flow, better))

    rated = now["good_ratings"] + now["bad_ratings"]
    return [
        count("Created tickets", "created_tickets", "created_tickets"),
        count("Solved tickets", "solved_tickets", "solved_tickets", "up"),
        count("Backlog", "backlog", "backlog", "down", stock),
        count("Without a first reply", "unreplied", "unreplied", "down", stock),
        count("First replies", "first_replies", "first_replies"),
        time("First reply, median", "reply_median", "first_reply_time"),
        time("First reply, 90 % within", "reply_p90", "first_reply_time"),
        time("Business hours, median", "reply_business_median", "first_reply_business"),
        time("Business hours, 90 % within", "reply_business_p90", "first_reply_business"),
        time("Full resolution, median", "resolution_median", "full_resolution"),
        time("Full resolution, 90 % within", "resolution_p90", "full_resolution"),
        Tile(
            "CSAT",
            "share",
            csat(now),
            "csat",
            f"n = {number(rated)}",
            compare("share", csat(now), csat(before), flow, "up"),
        ),
        rate("Reopen rate", "reopened_tickets", "reopen_rate", "down"),
        rate("One-touch share", "one_touch", "one_touch", "up"),
        Tile(
            "Handoffs",
            "count",
            now["assignee_handoffs"],
            "handoffs",
            "between agents",
            compare("count", now["assignee_handoffs"], before["assignee_handoffs"], flow, "down"),
            f"{number(now['group_handoffs'])} between groups",
        ),
    ]


def _flow(frame: Frame, days: list[Row]) -> list[Block]:
    buckets = frame.buckets()
    first, last = buckets[0].first_day, buckets[-1].last_day
    if not any(row["created_tickets"] or row["solved_tickets"] or row["backlog"] for row in days):
        return [Sentence(f"No ticket was created, solved or waiting from {day(first)} to {day(last)}.")]
    created, solved = (
        [float(value) for value in per_bucket(frame, {row["day_on"]: row[what] for row in days})]
        for what in ("created_tickets", "solved_tickets")
    )
    at_end = {row["day_on"]: row["backlog"] for row in days}
    backlog = [float(at_end[bucket.last_day]) for bucket in buckets]
    drawing = flow_and_stock(
        [bucket.label for bucket in buckets],
        ("Created", created),
        ("Solved", solved),
        ("Backlog", backlog),
        is_wide=not frame.is_narrow,
    )
    return [
        Picture(
            caption=f"Tickets created and solved, by {frame.grain}, and the backlog at each {frame.grain}’s end",
            svg=drawing.svg,
            alt=f"Two lines of tickets a {frame.grain} from {day(first)} to {day(last)}: {number(sum(created))} "
            f"created and {number(sum(solved))} solved in all. Below, the backlog: {number(backlog[0])} at first, "
            f"{number(max(backlog))} at most, {number(backlog[-1])} at the end.",
            is_wide=not frame.is_narrow,
            term="backlog",
        )
    ]


def _backlog(reader: Reader, now: Row) -> list[Block]:
    rows = reader.rows("service_backlog")
    if not rows:
        return [Sentence("No ticket was waiting at the end of the window.")]
    # a source's own words for a priority go together: how many there are is not ours to say
    tickets: Counter[tuple[str, str]] = Counter()
    for row in rows:
        tickets[row["priority"] if row["priority"] in PRIORITIES else "other", row["age_band"]] += row["tickets"]
    told = {priority for priority, _ in tickets}
    priorities = [priority for priority in (*PRIORITIES, "other") if priority in told]
    by_age = grid(
        "Waiting tickets by priority and age",
        [priority.capitalize() for priority in priorities],
        AGE_BANDS,
        [[tickets[priority, band] for band in AGE_BANDS] for priority in priorities],
        "backlog",
        "No ticket was waiting at the end of the window.",
        read="Rows are priorities, columns how long ago the ticket was created.",
    )
    bars = [Bar(priority.capitalize(), sum(tickets[priority, band] for band in AGE_BANDS)) for priority in priorities]
    blocks = [ranked("Waiting tickets by priority", bars, "backlog", "No ticket was waiting.", is_wide=False), by_age]
    if not now["unreplied"]:
        return [*blocks, Sentence("Every waiting ticket has had a first reply.")]
    columns = [
        Column("Ticket"),
        Column("Subject"),
        Column("Company"),
        Column("Priority"),
        Column("Assignee"),
        Column("Created", "date"),
        Column("Waits for", "days", "unreplied"),
    ]
    waiting = [
        [
            row["ticket_id"],
            row["subject"],
            row["company_name"],
            row["priority"],
            row["assignee_name"],
            row["created_on"],
            row["age_days"],
        ]
        for row in reader.rows("service_unreplied")
    ]
    more = now["unreplied"] - len(waiting)
    return [
        *blocks,
        Table(
            "Longest without a first reply",
            columns,
            waiting,
            note=f"{number(more)} more {'waits' if more == 1 else 'wait'} for a first reply." if more else "",
        ),
    ]


def _contradictions(reader: Reader) -> list[str]:
    said = []
    found = reader.rows("service_flaws")
    for row in (row for row in found if row["kind"] == "flaw"):
        what = "a reply" if row["what"] == "reply_before_ticket" else "solving"
        said.append(
            f"{plural(row['tickets'], 'ticket has', 'tickets have')} {what} from before the ticket; these times are in "
            "no figure."
        )
    if policies := [name(row["what"]) for row in found if row["kind"] == "policy"]:
        said.append(
            f"Service level {'policy' if len(policies) == 1 else 'policies'} {listed(policies)} of the help desk "
            f"{'has a condition' if len(policies) == 1 else 'have conditions'} that cannot be judged here, and "
            f"{'is' if len(policies) == 1 else 'are'} left out."
        )
    return said


def _levels(reader: Reader, frame: Frame) -> list[Block]:
    rows = reader.rows("service_levels")
    now, before = (
        {row["measure"]: row for row in rows if row["period"] == period} for period in ("current", "previous")
    )
    blocks: list[Block] = []
    if now:
        columns = [
            Column("Promise", term="sla_measure"),
            Column("Kept", "count", "sla_attainment"),
            Column("Broken", "count", "sla_attainment"),
            Column("Attainment", "share", "sla_attainment"),
            Column("Before", "share", "sla_attainment"),
        ]
        table = [
            [label, now[key]["achieved"], now[key]["breached"], attainment(now[key]), attainment(before.get(key))]
            for key, label in MEASURES.items()
            if key in now
        ]
        blocks.append(Table("What was promised, and kept", columns, table))
    else:
        blocks.append(
            Sentence("No promise to customers was kept or broken in this window: no policy fits its tickets.")
        )
    reader.rows("service_open_promise")
    breaching = reader.rows("service_breaching")
    if not breaching:
        return [*blocks, Sentence("No promise was running at the end of the window.")]
    columns = [
        Column("Ticket"),
        Column("Subject"),
        Column("Promise", term="sla_measure"),
        Column("Priority"),
        Column("Group"),
        Column("Assignee"),
        Column("Time left", "minutes", "sla_left"),
        Column("Broken at", "text"),
    ]
    table = [
        [
            row["ticket_id"], row["subject"], MEASURES[row["measure"]], row["priority"], row["group_name"],
            row["assignee_name"], row["minutes_left"], f"{row['breach_at']:%d %b %H:%M}",
        ]
        for row in breaching
    ]  # fmt: skip
    more = breaching[0]["promises"] - len(breaching)
    note = f"{number(more)} more {'is' if more == 1 else 'are'} running." if more else ""
    return [*blocks, Table("Next to be broken", columns, table, note=note)]


def attainment(row: Row | None) -> Decimal | None:
    """Achieved ÷ (achieved + breached); None without any."""
    return ratio(row["achieved"], row["achieved"] + row["breached"]) if row else None


def _hours(reader: Reader, frame: Frame) -> list[Block]:
    rows = reader.rows("service_hours")
    first, last = frame.buckets()[0].first_day, frame.window.last_day
    tickets = {(row["iso_weekday"], row["hour_of_day"]): row["tickets"] for row in rows}
    return [
        grid(
            f"Tickets created by weekday and hour, {day(first)} to {day(last)}",
            WEEKDAYS,
            [f"{hour:02}" for hour in range(24)],
            [[tickets.get((weekday, hour), 0) for hour in range(24)] for weekday in range(1, 8)],
            "created_tickets",
            f"No ticket was created from {day(first)} to {day(last)}.",
            read=f"Columns are the hours of the day in {frame.window.zone.key} time.",
        )
    ]


def _channels(reader: Reader) -> list[Block]:
    rows = reader.rows("service_channels")
    if not rows:
        return [Sentence("No ticket came in, was solved or waited on any channel.")]
    columns = [
        Column("Channel"),
        Column("Created", "count", "created_tickets"),
        Column("Solved", "count", "solved_tickets"),
        Column("First reply, median", "minutes", "first_reply_time"),
        Column("Backlog", "count", "backlog"),
    ]
    table = [
        [row["channel"], row["created_tickets"], row["solved_tickets"], row["reply_median"], row["backlog"]]
        for row in rows
    ]
    bars = [Bar(row["channel"], row["created_tickets"]) for row in rows if row["created_tickets"]]
    return [
        ranked("Tickets created by channel", bars, "created_tickets", "No ticket was created.", rest="other channels"),
        ranking("Channels, by created tickets", columns, table),
    ]


def _agents(reader: Reader) -> list[Block]:
    rows = reader.rows("service_agents")
    if not rows:
        return [Sentence("No agent has a ticket that was solved, answered, rated or waiting.")]
    columns = [
        Column("Agent", term="agent"),
        Column("Solved", "count", "solved_tickets"),
        Column("First replies", "count", "first_replies"),
        Column("First reply, median", "minutes", "first_reply_time"),
        Column("CSAT", "share", "csat"),
        Column("n", "count", "csat"),
        Column("Backlog", "count", "backlog"),
    ]
    table = [
        [
            row["assignee_name"] or "not assigned",
            row["solved_tickets"],
            row["first_replies"],
            row["reply_median"],
            csat(row),
            row["good_ratings"] + row["bad_ratings"],
            row["backlog"],
        ]
        for row in rows
    ]
    bars = [Bar(row["assignee_name"] or "not assigned", row["solved_tickets"]) for row in rows if row["solved_tickets"]]
    return [
        ranked("Solved tickets by agent", bars, "solved_tickets", "No ticket was solved.", rest="other agents"),
        ranking("Agents, by solved tickets", columns, table),
    ]


def _touches(now: Row) -> list[Block]:
    if not now["solved_tickets"]:
        return [Sentence("No ticket was solved in this window, so there are no touches to count.")]
    bands = (("None", "untouched"), ("One", "one_touch"), ("Two", "two_touch"), ("Three or more", "many_touch"))
    columns = [
        Column("Public comments by agents", term="one_touch"),
        Column("Solved tickets", "count", "solved_tickets"),
        Column("Share", "share"),
    ]
    table = [[label, now[key], ratio(now[key], now["solved_tickets"])] for label, key in bands]
    return [
        ranked(
            "Solved tickets by public comments of agents",
            [Bar(label, now[key]) for label, key in bands],
            "one_touch",
            "No ticket was solved.",
            is_wide=False,
        ),
        Table("Touches on solved tickets", columns, table),
    ]
