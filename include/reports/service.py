"""The service report: what came in, how fast it was answered and solved, what waits, what models tell."""

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal

from include.reports import doubts, service_outlook
from include.reports.blocks import by_grain, grid, per_bucket, per_day_lines, ranked, ranking, ratio
from include.reports.charts import Bar, flow_and_stock
from include.reports.frame import Frame
from include.reports.language import N_, _, _c, _n, language
from include.reports.model import Block, Column, Picture, Report, Section, Sentence, Table, Tile
from include.reports.reader import Reader, Row
from include.reports.retold import known
from include.reports.words import (
    compare,
    day,
    listed,
    minutes,
    more_or_less,
    name,
    number,
    sentence,
    share,
    short_day,
    together,
    weekday,
)

PRIORITIES = (N_("urgent"), N_("high"), N_("normal"), N_("low"), N_("none"))
OTHER = N_("other")
# sql/report/service_backlog.sql
AGE_BANDS = (N_("0-1 days"), N_("1-3 days"), N_("3-7 days"), N_("7-30 days"), N_("over 30 days"))
MEASURES = {
    "first_reply": N_("First reply"),
    "next_reply": N_("Next reply"),
    "requester_wait": N_("Solving (customer waits)"),
    "agent_work": N_("Solving (agent works)"),
}
# those that help desks commonly have, and sql/report/service_ticket_state.sql’s for none
CHANNELS = (N_("email"), N_("web"), N_("chat"), N_("phone"), N_("api"), N_("not told"))
A_MONDAY = date(2024, 1, 1)


def build(reader: Reader, frame: Frame) -> Report:
    """The service report of a frame."""
    reader.rows("service_ticket_state")
    reader.rows("service_rating")
    figures = {row["period"]: row for row in reader.rows("service_figures")}
    now, before = figures["current"], figures["previous"]
    days = reader.rows("service_days")
    return Report(
        subject="service",
        title=_("Service"),
        changes=[*_changes(frame, now, before), *_alike(reader, frame), *_usual(frame, days)],
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
            Section(_("Created, solved and what is left"), _flow(frame, days)),
            Section(_("Backlog at the end"), _backlog(reader, now)),
            Section(_("Service levels"), _levels(reader, frame)),
            Section(_("When tickets come"), _hours(reader, frame)),
            Section(_("Channels"), _channels(reader)),
            Section(_("Agents"), _agents(reader)),
            Section(_("Touches"), _touches(now)),
            *service_outlook.sections(reader),
        ],
    )


def csat(row: Row) -> Decimal | None:
    """Good ÷ (good + bad); None without a rating."""
    return ratio(row["good_ratings"], row["good_ratings"] + row["bad_ratings"])


def _changes(frame: Frame, now: Row, before: Row) -> list[str]:
    said = [_flow_words(frame, now, before), _backlog_words(now, before), _reply_words(frame, now, before)]
    rating, rating_before, rated = csat(now), csat(before), now["good_ratings"] + now["bad_ratings"]
    if rating is not None and rating_before is not None:
        said.append(
            _n(
                "Of {n} rating, {share} was good; {at} it was {before}.",
                "Of {n} ratings, {share} were good; {at} it was {before}.",
                rated,
                share=share(rating),
                at=frame.flow.at,
                before=share(rating_before),
            )
        )
    elif rating is not None:
        said.append(
            _n("Of {n} rating, {share} was good.", "Of {n} ratings, {share} were good.", rated, share=share(rating))
        )
    return said


def _flow_words(frame: Frame, now: Row, before: Row) -> str:
    came, went = (
        more_or_less(now[what], before[what], "count", frame.flow) for what in ("created_tickets", "solved_tickets")
    )
    if now["solved_tickets"]:
        solved = _n("{n} was solved, {change}", "{n} were solved, {change}", now["solved_tickets"], change=went)
    else:
        solved = _("none were solved, {change}", change=went)
    return sentence(
        _n(
            "{n} ticket came in, {change}; {solved}.",
            "{n} tickets came in, {change}; {solved}.",
            now["created_tickets"],
            change=came,
            solved=solved,
        )
    )


def _backlog_words(now: Row, before: Row) -> str:
    moved = now["backlog"] - before["backlog"]
    if not moved:
        trend = _("as many as at the start")
    elif moved > 0:
        trend = _("{n} more than at the start", n=number(moved))
    else:
        trend = _("{n} fewer than at the start", n=number(-moved))
    if now["unreplied"]:
        return _n(
            "At the end {n} ticket waits, {trend}, {unreplied} of them without a first reply.",
            "At the end {n} tickets wait, {trend}, {unreplied} of them without a first reply.",
            now["backlog"],
            trend=trend,
            unreplied=number(now["unreplied"]),
        )
    return _n("At the end {n} ticket waits, {trend}.", "At the end {n} tickets wait, {trend}.", now["backlog"],
              trend=trend)  # fmt: skip


def _reply_words(frame: Frame, now: Row, before: Row) -> str:
    if now["reply_median"] is None:
        return _("No ticket got its first reply in this window.")
    half, then = minutes(now["reply_median"]), before["reply_median"]
    if then is None:
        told = _("Half of the first replies came within {median}.", median=half)
    else:
        told = _(
            "Half of the first replies came within {median}; {at} it was {before}.",
            median=half,
            at=frame.flow.at,
            before=minutes(then),
        )
    return together(told, _("Nine of ten came within {time}.", time=minutes(now["reply_p90"])))


def _alike(reader: Reader, frame: Frame) -> list[str]:
    """What was in the period that the window is like."""
    (row,) = reader.rows("service_alike")
    if not frame.alike or not row["is_known"]:
        return []
    return [
        _n(
            "{when}: {n} ticket came in.",
            "{when}: {n} tickets came in.",
            row["created_tickets"],
            when=frame.alike_words,
        )
    ]


def _usual(frame: Frame, days: list[Row]) -> list[str]:
    """A single day says little: what is usual."""
    if frame.length > 1:
        return []
    created, solved = (
        Decimal(sum(row[what] for row in days)) / len(days) for what in ("created_tickets", "solved_tickets")
    )
    return [
        _(
            "Over the {days} days up to here a day had {created} created and {solved} solved tickets on average.",
            days=len(days),
            created=number(created),
            solved=number(solved),
        )
    ]


def _doubts(now: Row) -> list[str]:
    said = []
    if untimed := now["first_replies"] - now["business_replies"]:
        said.append(
            _n(
                "{n} first reply has no business time, because the schedule is not laid out that far; the business"
                " figures leave them out.",
                "{n} first replies have no business time, because the schedule is not laid out that far; the business"
                " figures leave them out.",
                untimed,
            )
        )
    if now["solved_tickets"] and now["untouched"] == now["solved_tickets"]:
        said.append(_("No public comment of an agent is known on any solved ticket, so touches say little."))
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
        count(_("Created tickets"), "created_tickets", "created_tickets"),
        count(_("Solved tickets"), "solved_tickets", "solved_tickets", "up"),
        count(_("Backlog"), "backlog", "backlog", "down", stock),
        count(_("Without a first reply"), "unreplied", "unreplied", "down", stock),
        count(_("First replies"), "first_replies", "first_replies"),
        time(_("First reply, median"), "reply_median", "first_reply_time"),
        time(_("First reply, 90 % within"), "reply_p90", "first_reply_time"),
        time(_("Business hours, median"), "reply_business_median", "first_reply_business"),
        time(_("Business hours, 90 % within"), "reply_business_p90", "first_reply_business"),
        time(_("Full resolution, median"), "resolution_median", "full_resolution"),
        time(_("Full resolution, 90 % within"), "resolution_p90", "full_resolution"),
        Tile(
            _("CSAT"),
            "share",
            csat(now),
            "csat",
            _("n = {n}", n=number(rated)),
            compare("share", csat(now), csat(before), flow, "up"),
        ),
        rate(_("Reopen rate"), "reopened_tickets", "reopen_rate", "down"),
        rate(_("One-touch share"), "one_touch", "one_touch", "up"),
        Tile(
            _("Handoffs"),
            "count",
            now["assignee_handoffs"],
            "handoffs",
            _("between agents"),
            compare("count", now["assignee_handoffs"], before["assignee_handoffs"], flow, "down"),
            _("{n} between groups", n=number(now["group_handoffs"])),
        ),
    ]


def _flow(frame: Frame, days: list[Row]) -> list[Block]:
    buckets = frame.buckets()
    first, last = buckets[0].first_day, buckets[-1].last_day
    if not any(row["created_tickets"] or row["solved_tickets"] or row["backlog"] for row in days):
        return [
            Sentence(
                _("No ticket was created, solved or waiting from {first} to {last}.", first=day(first), last=day(last))
            )
        ]
    created, solved = (
        [float(value) for value in per_bucket(frame, {row["day_on"]: row[what] for row in days})]
        for what in ("created_tickets", "solved_tickets")
    )
    at_end = {row["day_on"]: row["backlog"] for row in days}
    backlog = [float(at_end[bucket.last_day]) for bucket in buckets]
    drawing = flow_and_stock(
        [bucket.label for bucket in buckets],
        (_c("count", "Created"), created),
        (_("Solved"), solved),
        (_("Backlog"), backlog),
        is_wide=not frame.is_narrow,
    )
    span = {"first": day(first), "last": day(last), "created": number(sum(created)), "solved": number(sum(solved))}
    match frame.grain:
        case "day":
            caption = _("Tickets created and solved, by day, and the backlog at each day’s end")
            lines = _(
                "Two lines of tickets a day from {first} to {last}: {created} created and {solved} solved in all.",
                **span,
            )
        case "week":
            caption = _("Tickets created and solved, by week, and the backlog at each week’s end")
            lines = _(
                "Two lines of tickets a week from {first} to {last}: {created} created and {solved} solved in all.",
                **span,
            )
        case _month:
            caption = _("Tickets created and solved, by month, and the backlog at each month’s end")
            lines = _(
                "Two lines of tickets a month from {first} to {last}: {created} created and {solved} solved in all.",
                **span,
            )
    return [
        Picture(
            caption=caption,
            svg=drawing.svg,
            alt=together(
                lines,
                _(
                    "Below, the backlog: {first} at first, {most} at most, {last} at the end.",
                    first=number(backlog[0]),
                    most=number(max(backlog)),
                    last=number(backlog[-1]),
                ),
            ),
            is_wide=not frame.is_narrow,
            term="backlog",
        )
    ]


def _backlog(reader: Reader, now: Row) -> list[Block]:
    rows = reader.rows("service_backlog")
    if not rows:
        return [Sentence(_("No ticket was waiting at the end of the window."))]
    # a source's own words for a priority go together: how many there are is not ours to say
    tickets: Counter[tuple[str, str]] = Counter()
    for row in rows:
        tickets[row["priority"] if row["priority"] in PRIORITIES else OTHER, row["age_band"]] += row["tickets"]
    told = {priority for priority, _band in tickets}
    priorities = [priority for priority in (*PRIORITIES, OTHER) if priority in told]
    names = [_(priority).capitalize() for priority in priorities]
    by_age = grid(
        _("Waiting tickets by priority and age"),
        names,
        [_(band) for band in AGE_BANDS],
        [[tickets[priority, band] for band in AGE_BANDS] for priority in priorities],
        "backlog",
        _("No ticket was waiting at the end of the window."),
        read=_("Rows are priorities, columns how long ago the ticket was created."),
    )
    bars = [
        Bar(label, sum(tickets[priority, band] for band in AGE_BANDS))
        for label, priority in zip(names, priorities, strict=True)
    ]
    blocks = [
        ranked(_("Waiting tickets by priority"), bars, "backlog", _("No ticket was waiting."), is_wide=False),
        by_age,
    ]
    if not now["unreplied"]:
        return [*blocks, Sentence(_("Every waiting ticket has had a first reply."))]
    columns = [
        Column(_("Ticket")),
        Column(_("Subject")),
        Column(_("Company")),
        Column(_("Priority")),
        Column(_("Assignee")),
        Column(_c("date", "Created"), "date"),
        Column(_("Waits for"), "days", "unreplied"),
    ]
    waiting = [
        [
            row["ticket_id"],
            row["subject"],
            row["company_name"],
            known(row["priority"], PRIORITIES),
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
            _("Longest without a first reply"),
            columns,
            waiting,
            note=_n("{n} more waits for a first reply.", "{n} more wait for a first reply.", more) if more else "",
        ),
    ]


def _contradictions(reader: Reader) -> list[str]:
    said = []
    found = reader.rows("service_flaws")
    for row in (row for row in found if row["kind"] == "flaw"):
        if row["what"] == "reply_before_ticket":
            told = _n(
                "{n} ticket has a reply from before the ticket; these times are in no figure.",
                "{n} tickets have a reply from before the ticket; these times are in no figure.",
                row["tickets"],
            )
        else:
            told = _n(
                "{n} ticket has solving from before the ticket; these times are in no figure.",
                "{n} tickets have solving from before the ticket; these times are in no figure.",
                row["tickets"],
            )
        said.append(told)
    if policies := [name(row["what"]) for row in found if row["kind"] == "policy"]:
        said.append(
            _n(
                "Service level policy {policies} of the help desk has a condition that cannot be judged here, and is"
                " left out.",
                "Service level policies {policies} of the help desk have conditions that cannot be judged here, and"
                " are left out.",
                len(policies),
                policies=listed(policies),
            )
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
            Column(_("Promise"), term="sla_measure"),
            Column(_("Kept"), "count", "sla_attainment"),
            Column(_("Broken"), "count", "sla_attainment"),
            Column(_("Attainment"), "share", "sla_attainment"),
            Column(_("Before"), "share", "sla_attainment"),
        ]
        table = [
            [_(label), now[key]["achieved"], now[key]["breached"], attainment(now[key]), attainment(before.get(key))]
            for key, label in MEASURES.items()
            if key in now
        ]
        blocks += [Table(_("What was promised, and kept"), columns, table), *_kept_over_time(reader, frame)]
    else:
        blocks.append(
            Sentence(_("No promise to customers was kept or broken in this window: no policy fits its tickets."))
        )
    reader.rows("service_open_promise")
    breaching = reader.rows("service_breaching")
    if not breaching:
        return [*blocks, Sentence(_("No promise was running at the end of the window."))]
    columns = [
        Column(_("Ticket")),
        Column(_("Subject")),
        Column(_("Promise"), term="sla_measure"),
        Column(_("Priority")),
        Column(_("Group")),
        Column(_("Assignee")),
        Column(_("Time left"), "minutes", "sla_left"),
        Column(_("Broken at"), "text"),
    ]
    table = [
        [
            row["ticket_id"], row["subject"], _(MEASURES[row["measure"]]), known(row["priority"], PRIORITIES),
            row["group_name"], row["assignee_name"], row["minutes_left"], _minute(row["breach_at"]),
        ]
        for row in breaching
    ]  # fmt: skip
    more = breaching[0]["promises"] - len(breaching)
    note = _n("{n} more is running.", "{n} more are running.", more) if more else ""
    return [*blocks, Table(_("Next to be broken"), columns, table, note=note)]


def _kept_over_time(reader: Reader, frame: Frame) -> list[Block]:
    """The share of promises that were kept, over the bars' days of the frame's pictures."""
    rows = reader.rows("service_levels_days")
    measures = [measure for measure in MEASURES if any(row["measure"] == measure for row in rows)]
    if not measures:
        return []
    lines = []
    for measure in measures:
        told = {}
        for bucket in frame.buckets():
            within = [
                row for row in rows
                if row["measure"] == measure and bucket.first_day <= row["day_on"] <= bucket.last_day
            ]  # fmt: skip
            kept, broken = (sum(row[what] for row in within) for what in ("achieved", "breached"))
            if (kept_share := ratio(kept, kept + broken)) is not None:
                told[bucket.last_day] = kept_share
        lines.append([told])
    caption = by_grain(frame, _("Promises kept"))
    return [per_day_lines(frame, caption, [_(MEASURES[one]) for one in measures], [_("Kept")], lines, "sla_attainment")]


def _minute(at: datetime) -> str:
    """``06 Nov 14:30``, ``11月6日 14:30``."""
    return f"{at:%d %b %H:%M}" if language() == "en" else f"{short_day(at)} {at:%H:%M}"


def attainment(row: Row | None) -> Decimal | None:
    """Achieved ÷ (achieved + breached); None without any."""
    return ratio(row["achieved"], row["achieved"] + row["breached"]) if row else None


def _hours(reader: Reader, frame: Frame) -> list[Block]:
    rows = reader.rows("service_hours")
    first, last = frame.buckets()[0].first_day, frame.window.last_day
    tickets = {(row["iso_weekday"], row["hour_of_day"]): row["tickets"] for row in rows}
    return [
        grid(
            _("Tickets created by weekday and hour, {first} to {last}", first=day(first), last=day(last)),
            [weekday(A_MONDAY + timedelta(days=n)) for n in range(7)],
            [f"{hour:02}" for hour in range(24)],
            [[tickets.get((iso_weekday, hour), 0) for hour in range(24)] for iso_weekday in range(1, 8)],
            "created_tickets",
            _("No ticket was created from {first} to {last}.", first=day(first), last=day(last)),
            read=_("Columns are the hours of the day in {zone} time.", zone=frame.window.zone.key),
        )
    ]


def _channels(reader: Reader) -> list[Block]:
    rows = reader.rows("service_channels")
    if not rows:
        return [Sentence(_("No ticket came in, was solved or waited on any channel."))]
    columns = [
        Column(_("Channel")),
        Column(_c("count", "Created"), "count", "created_tickets"),
        Column(_("Solved"), "count", "solved_tickets"),
        Column(_("First reply, median"), "minutes", "first_reply_time"),
        Column(_("Backlog"), "count", "backlog"),
    ]
    table = [
        [
            known(row["channel"], CHANNELS),
            row["created_tickets"],
            row["solved_tickets"],
            row["reply_median"],
            row["backlog"],
        ]
        for row in rows
    ]
    bars = [
        Bar(known(row["channel"], CHANNELS) or "", row["created_tickets"]) for row in rows if row["created_tickets"]
    ]
    return [
        ranked(
            _("Tickets created by channel"),
            bars,
            "created_tickets",
            _("No ticket was created."),
            rest=_("other channels"),
        ),
        ranking(_("Channels, by created tickets"), columns, table),
    ]


def _agents(reader: Reader) -> list[Block]:
    rows = reader.rows("service_agents")
    if not rows:
        return [Sentence(_("No agent has a ticket that was solved, answered, rated or waiting."))]
    columns = [
        Column(_("Agent"), term="agent"),
        Column(_("Solved"), "count", "solved_tickets"),
        Column(_("First replies"), "count", "first_replies"),
        Column(_("First reply, median"), "minutes", "first_reply_time"),
        Column(_("CSAT"), "share", "csat"),
        Column(_("n"), "count", "csat"),
        Column(_("Backlog"), "count", "backlog"),
    ]
    table = [
        [
            row["assignee_name"] or _("not assigned"),
            row["solved_tickets"],
            row["first_replies"],
            row["reply_median"],
            csat(row),
            row["good_ratings"] + row["bad_ratings"],
            row["backlog"],
        ]
        for row in rows
    ]
    bars = [
        Bar(row["assignee_name"] or _("not assigned"), row["solved_tickets"]) for row in rows if row["solved_tickets"]
    ]
    return [
        ranked(
            _("Solved tickets by agent"), bars, "solved_tickets", _("No ticket was solved."), rest=_("other agents")
        ),
        ranking(_("Agents, by solved tickets"), columns, table),
    ]


def _touches(now: Row) -> list[Block]:
    if not now["solved_tickets"]:
        return [Sentence(_("No ticket was solved in this window, so there are no touches to count."))]
    bands = (
        (_("None"), "untouched"),
        (_("One"), "one_touch"),
        (_("Two"), "two_touch"),
        (_("Three or more"), "many_touch"),
    )
    columns = [
        Column(_("Public comments by agents"), term="one_touch"),
        Column(_("Solved tickets"), "count", "solved_tickets"),
        Column(_("Share"), "share"),
    ]
    table = [[label, now[key], ratio(now[key], now["solved_tickets"])] for label, key in bands]
    return [
        ranked(
            _("Solved tickets by public comments of agents"),
            [Bar(label, now[key]) for label, key in bands],
            "one_touch",
            _("No ticket was solved."),
            is_wide=False,
        ),
        Table(_("Touches on solved tickets"), columns, table),
    ]
