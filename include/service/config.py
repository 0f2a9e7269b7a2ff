"""Service: which clocks run when, business hours, what is promised to whom: include/config/service.yaml."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from include.config_files import StrictModel, read_config
from include.customers.value.config import load_value_config
from include.service.schedules import Schedule
from include.settings import CONFIG

Measure = Literal["first_reply", "next_reply", "requester_wait", "agent_work"]
Clock = Literal["requester_wait", "agent_work", "agent_wait", "on_hold"]
Priority = Literal["low", "normal", "high", "urgent"]
# What sources' statuses are told as; a source may have others besides.
STATUSES = ("new", "open", "pending", "hold", "solved", "closed", "deleted")

_Text = Annotated[str, Field(min_length=1)]
_Texts = Annotated[tuple[_Text, ...], Field(min_length=1)]
_Minutes = Annotated[int, Field(ge=1)]


class When(StrictModel):
    """Which tickets a rule is for: all that is given must fit, each by one of its values.

    :param group: keys or names of groups.
    :param segment: RFM segments of the customer, as value.yaml names them: at the last month's end before the ticket
        where a rule decides what is promised; the present one where it decides who is answered.
    """

    source: _Texts | None = None
    group: _Texts | None = None
    channel: _Texts | None = None
    company: _Texts | None = None
    segment: _Texts | None = None
    tag: _Texts | None = None

    @field_validator("segment")
    @classmethod
    def _known_segments(cls, named: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """The segments as value.yaml spells them."""
        known = {segment.name.casefold(): segment.name for segment in load_value_config().segments}
        if unknown := [name for name in named or () if name.casefold() not in known]:
            raise ValueError(f"{', '.join(unknown)}: value.yaml's segments are {', '.join(known.values())}")
        return tuple(known[name.casefold()] for name in named) if named else None

    def conditions(self) -> list[tuple[str, list[str]]]:
        """Field and accepted values of each condition."""
        return [(name, list(values)) for name, values in self if values is not None]


class ScheduleRule(StrictModel):
    """By which schedule tickets are counted: a name of ``schedules``, or of a schedule that the help desk tells."""

    schedule: _Text
    when: When = Field(default_factory=When)


class Policy(StrictModel):
    """A service level policy: minutes by measure, for all tickets alike or by priority."""

    name: _Text
    when: When = Field(default_factory=When)
    hours: Literal["business", "calendar"] = "business"
    targets: Annotated[dict[Measure, _Minutes | dict[Priority, _Minutes]], Field(min_length=1)]

    def minutes(self) -> list[tuple[str, str, int]]:
        """Measure, priority (``*`` for all) and minutes."""
        return [
            (measure, priority, minutes)
            for measure, target in self.targets.items()
            for priority, minutes in (target.items() if isinstance(target, dict) else (("*", target),))
        ]


class ServiceConfig(StrictModel):
    """The file include/config/service.yaml.

    :param schedules: several of one name, each ``from:`` an instant, are one schedule whose hours changed.
    :param schedule_of: the first that fits a ticket counts; else the help desk's first schedule, else ``default``.
    :param statuses: status → the clocks that run in it; in a status without one a ticket is at an end.
    :param policies: the first that fits a ticket counts. Help desks that tell policies of their own have only those.
    """

    schedules: list[Schedule]
    schedule_of: list[ScheduleRule] = Field(default_factory=list)
    statuses: dict[_Text, tuple[Clock, ...]]
    policies: list[Policy] = Field(default_factory=list)

    @model_validator(mode="after")
    def _hangs_together(self) -> "ServiceConfig":
        begins = [(schedule.name, schedule.from_) for schedule in self.schedules]
        if ("default", None) not in begins or len(set(begins)) != len(begins):
            raise ValueError(
                "schedules: one must be named default and have no from:, and no two may have one name and one from:"
            )
        names = {name for name, _ in begins}
        for name in names:
            if (name, None) not in begins:
                raise ValueError(f"schedules: {name}: its first hours hold from the beginning: leave their from: out")
        for rule in self.schedule_of:
            if rule.schedule not in names and rule.when.source is None:
                raise ValueError(
                    f"schedule_of: {rule.schedule!r} is none of {', '.join(sorted(names))}; for a schedule that a help"
                    " desk tells, say which: when: {source: [zendesk]}"
                )
        if missing := [status for status in STATUSES if status not in self.statuses]:
            raise ValueError(f"statuses: {', '.join(missing)} missing; give [] where no clock runs")
        policies = [policy.name for policy in self.policies]
        if twice := {name for name in policies if policies.count(name) > 1}:
            raise ValueError(f"policies: the name {', '.join(sorted(twice))} is there twice")
        return self


def load_service_config() -> ServiceConfig:
    """Read include/config/service.yaml.

    :raises ConfigError: when it is not as it should be.
    """
    return read_config(CONFIG / "service.yaml", ServiceConfig)
