"""Which reports are made, how they look and who gets them: include/config/reports.yaml."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from include.actions.config import EmailChannel, OutboxConfig
from include.config_files import ConfigError, StrictModel, read_config
from include.reports.colours import READABLE, contrast
from include.reports.language import Language
from include.settings import CONFIG

ReportName = Literal["summary", "customers", "sales", "service"]
Format = Literal["html", "pdf", "xlsx"]
Period = Literal["daily", "weekly", "monthly"]

LARGEST_LOGO = 200_000
NO_MAIL = "reports.yaml: outbox.yaml has no channel of kind email, so nobody can get mail"


class Brand(StrictModel):
    """How reports look.

    :param accent: colour of headings and lines, ``#rrggbb``, dark enough to be read on white.
    :param logo: a PNG or SVG in include/config.
    """

    name: Annotated[str, Field(min_length=1, max_length=60)]
    accent: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = "#0f6a8b"
    logo: Annotated[str, Field(pattern=r"^[\w.-]+\.(png|svg)$")] | None = None

    @model_validator(mode="after")
    def _can_be_seen(self) -> "Brand":
        if contrast(self.accent, "#ffffff") < READABLE:
            told = f"{contrast(self.accent, '#ffffff'):.1f} to 1"
            raise ValueError(f"accent: {self.accent} cannot be read on white ({told}); take one of at least {READABLE}")
        if self.logo and not (CONFIG / self.logo).is_file():
            raise ValueError(f"logo: there is no file {CONFIG / self.logo}")
        if self.logo and (CONFIG / self.logo).stat().st_size > LARGEST_LOGO:
            raise ValueError(f"logo: {self.logo} is larger than {LARGEST_LOGO // 1000} kB, and is in every report")
        return self

    @property
    def logo_path(self) -> Path | None:
        return CONFIG / self.logo if self.logo else None


PLAIN = Brand(name="CRM Autopilot")


class Recipient(StrictModel):
    """A person, by mail, or a channel of outbox.yaml, such as a chat."""

    name: str = ""
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    channel: str | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "Recipient":
        if (self.email is None) == (self.channel is None):
            raise ValueError("give email or channel")
        return self


class Mail(StrictModel):
    """A report that goes out.

    :param when: ``changed``: not when every figure at the top is that of the period before.
    """

    report: ReportName
    language: Language = "en"
    to: Annotated[list[Recipient], Field(min_length=1)]
    attach: tuple[Format, ...] = ()
    when: Literal["always", "changed"] = "always"


class Plan(StrictModel):
    """The reports of a period.

    :param formats: beside the page, which is always made.
    """

    subjects: Annotated[list[ReportName], Field(min_length=1)]
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = ("en",)
    formats: tuple[Literal["pdf", "xlsx"], ...] = ()
    mail: tuple[Mail, ...] = ()

    @model_validator(mode="after")
    def _mails_what_is_made(self) -> "Plan":
        for mail in self.mail:
            if mail.report not in self.subjects or mail.language not in self.languages:
                raise ValueError(
                    f"mail: the report {mail.report} in {mail.language} is not made; see subjects, languages"
                )
            if missing := [name for name in mail.attach if name != "html" and name not in self.formats]:
                raise ValueError(f"mail: {', '.join(missing)} cannot be attached: not in formats")
        sent = [
            (mail.report, mail.language, to.email or to.channel or "", to.name if to.channel else "")
            for mail in self.mail
            for to in mail.to
        ]
        if twice := [one for one in sent if sent.count(one) > 1]:
            raise ValueError(f"mail: {twice[0][2]} gets the report {twice[0][0]} in {twice[0][1]} twice; put it once")
        return self


class ReportsConfig(StrictModel):
    """The file include/config/reports.yaml."""

    brand: Brand
    daily: Plan
    weekly: Plan | None = None
    monthly: Plan | None = None

    def plan(self, period: Period) -> Plan | None:
        return {"daily": self.daily, "weekly": self.weekly, "monthly": self.monthly}[period]


def load_reports_config() -> ReportsConfig:
    """Read include/config/reports.yaml.

    :raises ConfigError: when it is not as it should be.
    """
    return _read((CONFIG / "reports.yaml").stat().st_mtime_ns)


@cache
def _read(_changed_at: int) -> ReportsConfig:
    return read_config(CONFIG / "reports.yaml", ReportsConfig)


def check_channels(config: ReportsConfig, outbox: OutboxConfig) -> None:
    """See that every channel that is named is one of the outbox's.

    :raises ConfigError: when one is not.
    """
    mail = [name for name, channel in outbox.channels.items() if isinstance(channel, EmailChannel)]
    others = [name for name in outbox.channels if name not in mail]
    for period in get_args(Period):
        for sent in plan.mail if (plan := config.plan(period)) else ():
            for recipient in sent.to:
                if recipient.channel and recipient.channel not in others:
                    raise ConfigError(
                        f"reports.yaml: {period}.mail: {recipient.channel} is no channel for reports; in outbox.yaml "
                        f"there is {', '.join(others) or 'none'}"
                    )
                if recipient.email and not mail:
                    raise ConfigError(NO_MAIL)
