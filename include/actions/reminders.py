"""Reminders: what the rules find at the end of a fresh day goes into the outbox, as one digest a rep.

Everything is told by event time as of the window's end. A reminder lasts from the day on which its rule first applies
to a deal until it no longer does, and then closes itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

from include.actions import rules as kinds
from include.actions.config import EmailChannel, OutboxConfig
from include.actions.digest import Digest
from include.actions.outbox import Message, propose
from include.actions.people import Rep, hours_after, reps
from include.actions.reminder_words import digest, entries
from include.actions.rules import RemindersConfig, Rule
from include.service.schedules import Schedule
from include.settings import SQL, TIMEZONE
from include.warehouse.connection import Warehouse
from include.warehouse.locks import exclusive, shared
from include.warehouse.marts import last_told, may_be_told
from include.window import Window

# Working days are counted back so far; what is older counts as this old.
LONGEST_COUNT = timedelta(days=730)

# Rules about whom nothing was heard of; they say since when, and sql/reminder/idle.sql counts the working days.
IDLE = (kinds.NoActivity, kinds.NoNextStep, kinds.ContactQuiet, kinds.LeadUntouched)

CANDIDATE = (
    "create temp table candidate (rule text, subject_kind text, source text, subject_id text, rep_id text, stage text,"
    " amount numeric, currency text, probability numeric, days numeric, limit_days numeric, late_days numeric,"
    " risk_share numeric, about_on date, was_amount numeric,"
    " value_at_risk numeric generated always as"
    " (coalesce(greatest(amount, 0) * probability * risk_share, 0)) stored,"
    " primary key (rule, subject_kind, source, subject_id)) on commit drop"
)


@dataclass(frozen=True)
class Proposed:
    """What a window's run did.

    :param skipped: why it did nothing; then all counts are 0.
    """

    opened: int = 0
    closed: int = 0
    still_open: int = 0
    messages: int = 0
    skipped: str = ""


def propose_reminders(
    warehouse: Warehouse, reminders: RemindersConfig, outbox: OutboxConfig, window: Window, now: datetime
) -> Proposed:
    """Bring ops.reminder up to date with the end of a window, and put messages about it into the outbox.

    Once more for the same window, or for one before it, it writes those messages anew that nobody has sent, approved or
    cancelled.

    :param window: does nothing unless it is fresh: so a backfill reminds nobody.
    :param now: the clock.
    """
    if not may_be_told(window, now):
        return Proposed(skipped="the window is not fresh: nobody is reminded of the past")
    with (
        warehouse.connect(autocommit=True) as connection,
        shared(connection, "marts sales"),
        exclusive(connection, "reminders"),
        connection.transaction(),
    ):
        connection.execute("select set_config('timezone', %s, true)", [TIMEZONE.key])
        window = last_told(connection, "reminder_run", window)
        run = _Run(connection, reminders, outbox, window, now)
        run.look()
        messages = run.write()
        row = connection.execute("select count(*) from ops.reminder where closed_at is null").fetchone()
        still_open = row[0] if row else 0
        connection.execute(
            "insert into ops.reminder_run as r (window_end, ran_at, opened, closed, still_open, messages)"
            " values (%s, %s, %s, %s, %s, %s) on conflict (window_end) do update set ran_at = excluded.ran_at,"
            " opened = r.opened + excluded.opened, closed = r.closed + excluded.closed,"
            " still_open = excluded.still_open, messages = excluded.messages",
            [window.end, now, run.opened, run.closed, still_open, messages],
        )
    return Proposed(run.opened, run.closed, still_open, messages)


class _Run:
    """One window's run, inside its transaction."""

    def __init__(
        self, connection: psycopg.Connection, config: RemindersConfig, outbox: OutboxConfig, window: Window,
        now: datetime,
    ) -> None:  # fmt: skip
        self.connection, self.config, self.outbox, self.window, self.now = connection, config, outbox, window, now
        # bound by the client: PostgreSQL takes no parameters in `create temp table … as`
        self.cursor = psycopg.ClientCursor(connection, row_factory=dict_row)
        self.parameters: dict[str, Any] = {
            "window_end": window.end,
            "timezone": config.calendar("default").timezone,
            "most_deals": config.most_deals,
            "of_won": [rule.name for rule in config.rules if isinstance(rule, kinds.ContractEnding)],
        }
        self.opened = self.closed = 0
        self.reps = reps(connection, config, window.end, now)

    def look(self) -> None:
        """Find what the rules apply to, and bring ops.reminder up to date."""
        self._write_settings()
        self._run("open_deal")
        self._run("deal_activity")
        self.connection.execute(CANDIDATE)
        for rule in self.config.rules:
            parameters = {"rule_name": rule.name, **_parameters(rule, self.window)}
            self._run(f"rule_{rule.kind}", **parameters)
            if isinstance(rule, IDLE):
                self._run("idle", **parameters)
        self.connection.execute("analyze candidate")
        self._run("refresh")
        self._run("close")
        self.closed = self.cursor.rowcount
        self._run("open")
        self.opened = self.cursor.rowcount
        self._run("cancel")
        self.connection.execute("analyze ops.reminder")
        self._run("choose")

    def write(self) -> int:
        """Put the messages into the outbox; returns how many."""
        written = 0
        for message, reminders in [*self._to_reps(), *self._to_managers()]:
            number = propose(self.connection, self.outbox, message, self.now)
            if number is None:
                continue
            self.connection.execute("delete from ops.reminder_notice where outbox_id = %s", [number])
            self.connection.execute(
                "insert into ops.reminder_notice (outbox_id, reminder_id) select %s, unnest(%s::bigint[])",
                [number, reminders],
            )
            written += 1
        self.cursor.execute((SQL / "mart" / "reminder_outcome.sql").read_bytes(), self.parameters)
        return written

    def _run(self, name: str, **more: Any) -> list[dict[str, Any]]:
        self.cursor.execute((SQL / "reminder" / f"{name}.sql").read_bytes(), {**self.parameters, **more})
        return self.cursor.fetchall() if self.cursor.description else []

    def _write_settings(self) -> None:
        """What the configuration says, as temporary tables that statements join."""
        self.connection.execute(
            "create temp table rep_setting (rep_id text primary key, person_id text, full_name text, email text,"
            " team text, manager text, is_active boolean, calendar text, timezone text, not_before timestamptz)"
            " on commit drop"
        )
        self.connection.execute(
            "create temp table reminder_rule (rule text primary key, to_rep boolean, to_manager boolean, channel text,"
            " needs_address boolean, only_source text, alone boolean, cooldown_days integer) on commit drop"
        )
        self.connection.execute(
            "create temp table working_day (calendar text, day_on date, number integer,"
            " primary key (calendar, day_on)) on commit drop"
        )
        with self.connection.cursor() as cursor:
            cursor.executemany(
                "insert into rep_setting values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    (r.rep_id, r.person_id, r.full_name, r.email, r.team, r.manager, r.is_active, r.calendar.name,
                     r.calendar.timezone, r.hours[0])
                    for r in self.reps.values()
                ],
            )  # fmt: skip
            cursor.executemany(
                "insert into reminder_rule values (%s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    (r.name, "rep" in r.to, "manager" in r.to, r.channel, isinstance(channel, EmailChannel),
                     None if isinstance(channel, EmailChannel) else channel.source, r.alone, r.cooldown_days)
                    for r in self.config.rules
                    for channel in (self.outbox.channels[r.channel],)
                ],
            )  # fmt: skip
            cursor.executemany(
                "insert into working_day values (%s, %s, %s)",
                [row for calendar in self.config.calendars for row in _working_days(calendar, self.window)],
            )
        self.connection.execute("analyze rep_setting, working_day")

    def _to_reps(self) -> Iterator[tuple[Message, list[int]]]:
        rows = self._run("chosen")
        waiting = self.connection.execute(
            "select s.person_id, count(distinct (r.source, r.subject_kind, r.subject_id)) from ops.reminder as r"
            " inner join rep_setting as s on r.rep_id = s.rep_id"
            " where r.closed_at is null and r.held_why = 'cap' group by s.person_id"
        ).fetchall()
        rest: dict[str, int] = dict(waiting)
        for (person_id, channel, alone), group in groupby(
            rows, lambda row: (row["person_id"], row["channel"], row["alone"])
        ):
            rep, told = self.reps[person_id], list(group)
            if alone:
                yield from (self._alone(self.reps[row["about_rep_id"]], channel, row) for row in told)
                continue
            listed = entries(told, self.config, rep.language, is_weekly=False)
            made = digest(listed, rep.full_name or "", rep.language, rep.on, rest=rest.get(person_id, 0))
            key = f"reminder/rep/{person_id}/{rep.on}/{channel}"
            recipient = rep.email or rep.full_name or person_id
            yield _message(key, channel, recipient, made, rep.hours), [row["reminder_id"] for row in told]

    def _alone(self, rep: Rep, channel: str, row: dict[str, Any]) -> tuple[Message, list[int]]:
        entry = entries([row], self.config, rep.language, is_weekly=False)[0]
        text = " ".join(entry.said)
        # the day is the message's, so that what was not delivered, and what its cooldown is over for, is said again
        key = f"reminder/alone/{row['rule']}/{row['source']}/{row['subject_id']}/{rep.on}/{channel}"
        made = Digest(f"{entry.name}: {text}", text, "")
        values = {
            "source": row["source"], "subject_id": row["subject_id"], "link": entry.link,
            "owner_key": rep.rep_id.partition(":")[2],
        }  # fmt: skip
        recipient = rep.email or rep.full_name or rep.rep_id
        return _message(key, channel, recipient, made, rep.hours, values), [row["reminder_id"]]

    def _to_managers(self) -> Iterator[tuple[Message, list[int]]]:
        managers = self.config.managers
        if not managers:
            return
        channels = sorted({r.channel for r in self.config.rules if "manager" in r.to})
        self.connection.execute(
            "create temp table manager_setting (manager_no integer, team text, manager text) on commit drop"
        )
        hours = [hours_after(self.config.calendar(m.calendar), self.window.end, self.now) for m in managers]
        with self.connection.cursor() as cursor:
            cursor.executemany(
                "insert into manager_setting values (%s, %s, %s)",
                [(no, m.team, m.manager) for no, m in enumerate(managers)],
            )
        rows = self._run("chosen_weekly")
        for number, group in groupby(rows, lambda row: row["manager_no"]):
            manager, told = managers[number], list(group)
            language = manager.language or self.config.language
            on = hours[number][0].astimezone(ZoneInfo(self.config.calendar(manager.calendar).timezone)).date()
            listed = entries(told, self.config, language, is_weekly=True)
            made = digest(listed, manager.name, language, on, is_weekly=True)
            year, week, _ = on.isocalendar()
            key = f"reminder/manager/{manager.team or manager.manager}/{manager.email}/{year}-W{week:02}"
            yield _message(key, channels[0], manager.email, made, hours[number]), [row["reminder_id"] for row in told]


def _message(
    key: str, channel: str, recipient: str, made: Digest, hours: tuple[datetime, datetime],
    values: dict[str, Any] | None = None,
) -> Message:  # fmt: skip
    return Message(
        key, "reminder", channel, recipient, made.subject, made.text, hours[0], hours[1], made.html or None,
        values or {},
    )  # fmt: skip


def _parameters(rule: Rule, window: Window) -> dict[str, Any]:
    """What the rule's statement binds."""
    match rule:
        case kinds.StageOverdue():
            fixed = None if rule.limit_days == "learned" else rule.limit_days
            return {"fixed_days": fixed, "least_visits": rule.least_visits, "unlearned_days": rule.unlearned_days}
        case kinds.CloseDatePassed():
            return {"days": rule.days}
        case kinds.NoActivity() | kinds.NoNextStep() | kinds.ContactQuiet():
            # a next step is due on the last of these days, silence is too long after it
            late = not isinstance(rule, kinds.NoNextStep)
            return {"working_days": rule.working_days, "from_days": rule.working_days + late}
        case kinds.AmountChanged():
            return {"share": rule.share, "since": window.end - timedelta(days=rule.within_days)}
        case kinds.LeadUntouched():
            return {
                "working_days": rule.working_days, "from_days": rule.working_days + 1,
                "lifecycle_stages": list(rule.lifecycle_stages),
            }  # fmt: skip
        case kinds.ContractEnding():
            return {
                "products": list(rule.terms), "months": list(rule.terms.values()), "days_before": rule.days_before,
            }  # fmt: skip


def _working_days(calendar: Schedule, window: Window) -> Iterator[tuple[str, date, int]]:
    """Calendar, day, and how many working days there were up to it, from `LONGEST_COUNT` before the window's end."""
    zone = ZoneInfo(calendar.timezone)
    last = window.end.astimezone(zone).date()
    first = last - LONGEST_COUNT
    working = {start.astimezone(zone).date() for start, _ in calendar.opened(first, last)}
    number = 0
    for offset in range((last - first).days + 1):
        on = first + timedelta(days=offset)
        number += on in working
        yield calendar.name, on, number
