"""When whom to remind of what: include/config/reminders.yaml."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from include.actions import wording
from include.actions.config import HttpChannel, OutboxConfig
from include.config_files import ConfigError, StrictModel, read_config
from include.service.schedules import Schedule
from include.settings import CONFIG
from include.sources.config import FOLDER

Language = Literal["en", "zh"]

# What the wording of a rule may name, each with a value like those to come.
NAMES = {
    "deal": "Acme 2027", "company": "Acme", "contact": "Ann Lee", "product": "Team", "stage": "Proposal",
    "amount": "EUR 1,000", "was_amount": "EUR 2,000", "days": "20", "limit": "9", "on": "4 December 2026",
}  # fmt: skip

_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
_Text = Annotated[str, Field(min_length=1)]
_Days = Annotated[int, Field(ge=0, le=3650)]


class _Rule(StrictModel):
    """What all rules have.

    :param to: rep: the daily digest; manager: the weekly one.
    :param channel: of outbox.yaml.
    :param alone: a message of its own for each reminder, instead of a line in the digest.
    :param cooldown_days: days after which an open reminder is said again.
    """

    name: _Name
    to: Annotated[tuple[Literal["rep", "manager"], ...], Field(min_length=1)]
    channel: str = "email"
    alone: bool = False
    cooldown_days: int = Field(ge=1, le=365)
    wording: dict[Language, _Text]

    @model_validator(mode="after")
    def _says_it_in_each_language(self) -> "_Rule":
        if missing := {"en", "zh"} - set(self.wording):
            raise ValueError(f"wording: {', '.join(sorted(missing))} is missing")
        wording.check({"wording": self.wording}, NAMES)
        if self.alone and "manager" in self.to:
            raise ValueError("alone: is for reps; take manager out of to:")
        return self


class StageOverdue(_Rule):
    """Longer in its stage than a deal may stay.

    :param limit_days: how long that is; ``learned``: what mart.sales_stage says, so what sales.yaml does, else learned
        from won deals.
    :param least_visits: learned from at least so many visits, else ``unlearned_days``.
    """

    kind: Literal["stage_overdue"]
    limit_days: Literal["learned"] | Annotated[int, Field(ge=1, le=3650)] = "learned"
    least_visits: int = Field(default=20, ge=1)
    unlearned_days: int = Field(default=30, ge=1, le=3650)


class CloseDatePassed(_Rule):
    """The close date was more than ``days`` ago."""

    kind: Literal["close_date_passed"]
    days: _Days = 0


class NoActivity(_Rule):
    """Nothing happened for so many working days."""

    kind: Literal["no_activity"]
    working_days: _Days


class NoNextStep(_Rule):
    """Nothing is planned, so many working days after the last activity."""

    kind: Literal["no_next_step"]
    working_days: _Days = 0


class AmountChanged(_Rule):
    """The amount is not what it was ``within_days`` ago, by at least ``share`` of it."""

    kind: Literal["amount_changed"]
    share: float = Field(gt=0, le=10)
    within_days: int = Field(ge=1, le=365)


class ContactQuiet(_Rule):
    """The deal's contact had no activity on any deal and wrote no ticket for so many working days."""

    kind: Literal["contact_quiet"]
    working_days: _Days


class LeadUntouched(_Rule):
    """A customer without a deal, in one of these life-cycle stages, whom nobody has contacted for so long.

    Whose leads have all been converted or lost, where a source has leads, is none.
    """

    kind: Literal["lead_untouched"]
    lifecycle_stages: Annotated[tuple[_Text, ...], Field(min_length=1)]
    working_days: _Days


class ContractEnding(_Rule):
    """A won deal of a product with a term, which ends within ``days_before`` and has no deal after it.

    :param terms: months by product.
    """

    kind: Literal["contract_ending"]
    terms: dict[_Text, Annotated[int, Field(ge=1, le=240)]]
    days_before: int = Field(ge=1, le=365)


Rule = Annotated[
    StageOverdue | CloseDatePassed | NoActivity | NoNextStep | AmountChanged | ContactQuiet | LeadUntouched
    | ContractEnding,
    Field(discriminator="kind"),
]  # fmt: skip


class Person(StrictModel):
    """Reps with another calendar or language than the default, by their ``email``, ``team`` or ``region``."""

    email: _Text | None = None
    team: _Text | None = None
    region: _Text | None = None
    calendar: str = "default"
    language: Language | None = None

    @model_validator(mode="after")
    def _one_of_three(self) -> "Person":
        if sum(value is not None for value in (self.email, self.team, self.region)) != 1:
            raise ValueError("give email, team or region, one of them")
        return self

    def fits(self, email: str | None, team: str | None, region: str | None) -> bool:
        """Whether a rep is meant."""
        return (
            (self.email is not None and self.email.lower() == (email or "").lower())
            or (self.team is not None and self.team == team)
            or (self.region is not None and self.region == region)
        )


class Manager(StrictModel):
    """Who gets the weekly digest of a ``team``, or of the reps whose ``manager`` the CRM names."""

    team: _Text | None = None
    manager: _Text | None = None
    name: _Text
    email: Annotated[str, Field(pattern=r"^[^\s@<>]+@[^\s@<>]+$")]
    calendar: str = "default"
    language: Language | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Manager":
        if (self.team is None) == (self.manager is None):
            raise ValueError("give team or manager, one of them")
        return self


class RemindersConfig(StrictModel):
    """The file include/config/reminders.yaml."""

    calendars: list[Schedule]
    language: Language
    people: list[Person] = Field(default_factory=list)
    managers: list[Manager] = Field(default_factory=list)
    most_deals: int = Field(ge=1, le=100)
    links: dict[str, Annotated[str, Field(pattern=r"^https?://")]] = Field(default_factory=dict)
    rules: list[Rule]

    @model_validator(mode="after")
    def _names_are_known(self) -> "RemindersConfig":
        names = [calendar.name for calendar in self.calendars]
        if names.count("default") != 1 or len(set(names)) != len(names):
            raise ValueError("calendars: names must differ, and one must be default")
        for calendar in self.calendars:
            if not calendar.week:
                raise ValueError(f"calendars: {calendar.name} has no working day in its week")
        for used in [*(p.calendar for p in self.people), *(m.calendar for m in self.managers)]:
            if used not in names:
                raise ValueError(f"calendar {used!r}: there is {', '.join(names)}")
        rules = [rule.name for rule in self.rules]
        if twice := {name for name in rules if rules.count(name) > 1}:
            raise ValueError(f"rules: the name {', '.join(sorted(twice))} is there twice")
        weekly = {rule.channel for rule in self.rules if "manager" in rule.to}
        if len(weekly) > 1:
            raise ValueError(f"rules: managers get one digest, so their rules share a channel, not {', '.join(weekly)}")
        wording.check({"links": self.links}, {"deal_id": "42"})
        return self

    def calendar(self, name: str) -> Schedule:
        """The calendar of a name."""
        return next(calendar for calendar in self.calendars if calendar.name == name)


def load_reminders_config(outbox: OutboxConfig) -> RemindersConfig:
    """Read include/config/reminders.yaml.

    :param outbox: whose channels the rules name.
    :raises ConfigError: when it is not as it should be.
    """
    path = CONFIG / "reminders.yaml"
    config = read_config(path, RemindersConfig)
    for number, rule in enumerate(config.rules):
        if rule.channel not in outbox.channels:
            there = ", ".join(outbox.channels)
            raise ConfigError(f"{path}: rules.{number}.channel: {rule.channel} is no channel of outbox.yaml: {there}")
        channel = outbox.channels[rule.channel]
        if isinstance(channel, HttpChannel) and (problem := _misfit(rule, channel)):
            raise ConfigError(f"{path}: rules.{number}.channel: {rule.channel} {problem}")
    return config


def _misfit(rule: Rule, channel: HttpChannel) -> str:
    """Why a channel cannot take what a rule finds."""
    if channel.source and not (FOLDER / f"{channel.source}.yaml").is_file():
        there = ", ".join(sorted(file.stem for file in FOLDER.glob("*.yaml"))) or "none"
        return f"is for source: {channel.source} in outbox.yaml, which is none; there are: {there}"
    if channel.is_about_one_deal and isinstance(rule, LeadUntouched):
        return f"names subject_id, the key of a deal; {rule.kind} is about customers without one: give another channel"
    if channel.is_about_one_deal and not rule.alone:
        return "names subject_id, the key of a deal; a digest is about several: give alone: true, or another channel"
    return ""


def next_hours(calendar: Schedule, after: datetime) -> tuple[datetime, datetime]:
    """The first hours of a calendar, from opening to closing, that begin at ``after`` or later.

    :raises ValueError: when a year has none.
    """
    day = after.date()
    for start, end in calendar.opened(day - timedelta(days=2), day + timedelta(days=366)):
        if start >= after:
            return start, end
    raise ValueError(f"the calendar {calendar.name} is closed for a whole year after {after:%Y-%m-%d}")
