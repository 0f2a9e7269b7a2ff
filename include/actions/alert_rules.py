"""Of what people in service are told: include/config/alerts.yaml."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from include.actions import wording
from include.actions.config import HttpChannel, OutboxConfig
from include.actions.rules import Language, RemindersConfig
from include.config_files import ConfigError, StrictModel, read_config
from include.settings import CONFIG

Kind = Literal["promise_due", "promise_broken", "backlog_high", "bad_feedback"]

# What the wording may name, each with a value like those to come.
NAMES = {
    "ticket": "Where is my order?", "company": "Acme", "customer": "Ann Lee", "group": "Sales Support",
    "priority": "high", "agent": "Maya Castellanos", "promise": "First reply", "left": "1 h 20 min",
    "at": "Fri 4 December, 10:20", "tickets": "120", "usual": "84", "comment": "Too slow.", "reason": "Rated bad",
}  # fmt: skip

_Text = Annotated[str, Field(min_length=1)]


class Told(StrictModel):
    """Who is told of something, and in which words."""

    to: Annotated[tuple[Literal["agent", "lead"], ...], Field(min_length=1)]
    wording: dict[Language, _Text]

    @model_validator(mode="after")
    def _says_it_in_each_language(self) -> "Told":
        if missing := {"en", "zh"} - set(self.wording):
            raise ValueError(f"wording: {', '.join(sorted(missing))} is missing")
        wording.check({"wording": self.wording}, NAMES)
        return self


class PromiseDue(Told):
    """A promise that is owed, with at most so many minutes left on its own clock."""

    within_minutes: int = Field(ge=1, le=100_000)


class BacklogHigh(Told):
    """More open tickets than ``times`` the usual, and at least ``least``; a group's, so agents are not told."""

    to: tuple[Literal["lead"], ...] = ("lead",)
    times: float = Field(ge=1, le=100)
    least: int = Field(ge=1)


class Lead(StrictModel):
    """Who is told what concerns a group, by its name or key; without one, all groups. Several may have one address."""

    group: _Text | None = None
    name: _Text
    email: Annotated[str, Field(pattern=r"^[^\s@<>]+@[^\s@<>]+$")]
    calendar: str = "default"
    language: Language | None = None


class AlertsConfig(StrictModel):
    """The file include/config/alerts.yaml; of what is left out nobody is told.

    :param channel: of outbox.yaml.
    :param most_tickets: in one message.
    :param links: source → where a ticket is seen in the help desk.
    """

    channel: str = "email"
    leads: list[Lead] = Field(default_factory=list)
    most_tickets: int = Field(ge=1, le=100)
    links: dict[str, Annotated[str, Field(pattern=r"^https?://")]] = Field(default_factory=dict)
    promise_due: PromiseDue | None = None
    promise_broken: Told | None = None
    backlog_high: BacklogHigh | None = None
    bad_feedback: Told | None = None

    @model_validator(mode="after")
    def _hangs_together(self) -> "AlertsConfig":
        wording.check({"links": self.links}, {"ticket_id": "42"})
        leads = [(lead.group, lead.email) for lead in self.leads]
        if twice := {email for group, email in leads if leads.count((group, email)) > 1}:
            raise ValueError(f"leads: {', '.join(sorted(twice))} is there twice for one group")
        return self

    def told(self) -> dict[Kind, Told]:
        """What people are told of."""
        given: dict[Kind, Told | None] = {
            "promise_due": self.promise_due, "promise_broken": self.promise_broken, "backlog_high": self.backlog_high,
            "bad_feedback": self.bad_feedback,
        }  # fmt: skip
        return {kind: told for kind, told in given.items() if told}


def load_alerts_config(outbox: OutboxConfig, reminders: RemindersConfig) -> AlertsConfig:
    """Read include/config/alerts.yaml.

    :param outbox: whose channel it names.
    :param reminders: whose calendars it names.
    :raises ConfigError: when it is not as it should be.
    """
    path = CONFIG / "alerts.yaml"
    config = read_config(path, AlertsConfig)
    channel = outbox.channels.get(config.channel)
    if channel is None:
        raise ConfigError(
            f"{path}: channel: {config.channel} is no channel of outbox.yaml: {', '.join(outbox.channels)}"
        )
    if isinstance(channel, HttpChannel) and channel.is_about_one_deal:
        raise ConfigError(
            f"{path}: channel: {config.channel} names subject_id, and a message is about several tickets: give another"
        )
    calendars = [calendar.name for calendar in reminders.calendars]
    for number, lead in enumerate(config.leads):
        if lead.calendar not in calendars:
            raise ConfigError(
                f"{path}: leads.{number}.calendar: {lead.calendar} is none of reminders.yaml: {', '.join(calendars)}"
            )
    return config
