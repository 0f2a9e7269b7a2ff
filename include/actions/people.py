"""Who may be written to, and when: the people whom sources name, by the calendars of include/config/reminders.yaml."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import psycopg

from include.actions.rules import Language, RemindersConfig, next_hours
from include.service.schedules import Schedule


@dataclass(frozen=True)
class Rep:
    """A sales person or an agent, as a source names them.

    :param person_id: the rep that stands for all with this e-mail address: a person may be a rep of several sources.
    :param hours: from opening to closing, in which their next message may be sent: those of the person.
    """

    rep_id: str
    person_id: str
    full_name: str | None
    email: str | None
    team: str | None
    manager: str | None
    is_active: bool
    calendar: Schedule
    language: Language
    hours: tuple[datetime, datetime]

    @property
    def on(self) -> date:
        """The day of their next message, where they are."""
        return day_of(self.hours, self.calendar)


def reps(
    connection: psycopg.Connection, config: RemindersConfig, window_end: datetime, now: datetime
) -> dict[str, Rep]:  # fmt: skip
    """rep_id → rep, of all in core.dim_rep."""
    hours = {calendar.name: hours_after(calendar, window_end, now) for calendar in config.calendars}
    rows = connection.execute(
        "select rep_id, full_name, email, team, manager, region, is_active is not false from core.dim_rep"
        " where is_current"
    ).fetchall()
    told = {row[0]: next((p for p in config.people if p.fits(row[2], row[3], row[5])), None) for row in rows}
    # of one person's records that which the configuration or the source says most of comes first
    rows.sort(key=lambda row: (told[row[0]] is None, row[3] is None, row[0]))
    first: dict[str, str] = {}
    for rep_id, _, email, _, _, _, is_active in rows:
        if email and is_active:
            first.setdefault(email, rep_id)
    found = {}
    for rep_id, full_name, email, team, manager, _, is_active in rows:
        person_id = first[email] if is_active and email in first else rep_id
        person = told[person_id]
        calendar = config.calendar(person.calendar if person else "default")
        language = (person.language if person else None) or config.language
        found[rep_id] = Rep(
            rep_id, person_id, full_name, email, team, manager, is_active, calendar, language, hours[calendar.name]
        )  # fmt: skip
    return found


def hours_after(calendar: Schedule, window_end: datetime, now: datetime) -> tuple[datetime, datetime]:
    """When the next message may be sent: the first hours after the window, or after now if those are over."""
    hours = next_hours(calendar, window_end)
    return hours if hours[1] > now else next_hours(calendar, now)


def day_of(hours: tuple[datetime, datetime], calendar: Schedule) -> date:
    """The day of a message in the calendar's time zone."""
    return hours[0].astimezone(ZoneInfo(calendar.timezone)).date()
