"""How messages leave: include/config/outbox.yaml."""

from email.headerregistry import Address
from email.utils import parseaddr
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from include.actions import wording
from include.config_files import StrictModel, read_config
from include.settings import CONFIG
from include.sources.config.auth import BasicAuth, BearerAuth, HeaderAuth, NoAuth, QueryAuth

# What the templates of an HTTP channel may name, each with a value like those to come.
NAMES = {
    "recipient": "ann@acme.example", "subject": "Acme: no activity", "text": "No activity for 20 working days.",
    "at": "2026-12-04T08:00:00Z", "source": "crm", "subject_id": "42", "owner_key": "7",
    "link": "https://crm.example/deals/42", "updated_at": "2026-12-04T07:30:00Z",
}  # fmt: skip

_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
_Auth = Annotated[NoAuth | BearerAuth | BasicAuth | HeaderAuth | QueryAuth, Field(discriminator="kind")]


class EmailChannel(StrictModel):
    """Mail by SMTP.

    :param connection: an Airflow connection of type smtp.
    :param sender: ``from:`` in the file, ``Name <address>``; the address in ASCII, as every mail server takes it.
    :param needs_approval: messages wait for ``./crm outbox approve``.
    """

    model_config = ConfigDict(populate_by_name=True)

    kind: Literal["email"]
    connection: Annotated[str, Field(min_length=1)]
    sender: str = Field(alias="from")
    needs_approval: bool = False

    @model_validator(mode="after")
    def _has_an_address(self) -> "EmailChannel":
        if not parseaddr(self.sender)[1].isascii():
            raise ValueError(
                f"from: the address in {self.sender!r} has characters beyond ASCII, which not every mail server takes; "
                "write its domain as xn--…, and use a mailbox of a plain name"
            )
        try:
            self.sender_address()
        except ValueError:
            raise ValueError(
                f"from: {self.sender!r} is no address; expected one like Sales <sales@acme.example>"
            ) from None
        return self

    def sender_address(self) -> Address:
        """The sender, as mail headers hold it."""
        name, address = parseaddr(self.sender)
        if "@" not in address:
            raise ValueError("no address")
        return Address(name, addr_spec=address)


class HttpChannel(StrictModel):
    """One HTTP request a message: a chat's webhook, a task in a CRM, a comment on a ticket.

    Strings in ``path`` and ``body`` are Jinja templates, which may name what `NAMES` has.

    :param connection: an Airflow connection of type http.
    :param path: comes after the connection's address.
    :param path_is_password: the connection's password comes after its address instead: a webhook whose address is the
        secret.
    :param source: the CRM or help desk that it leads to: what is about deals or tickets of other sources does not go
        there.
    :param needs_approval: messages wait for ``./crm outbox approve``.
    """

    kind: Literal["http"]
    connection: Annotated[str, Field(min_length=1)]
    auth: _Auth = NoAuth()
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    path: Annotated[str, Field(pattern=r"^/")] | None = None
    path_is_password: bool = False
    body: dict[str, Any]
    source: _Name | None = None
    needs_approval: bool = False

    @model_validator(mode="after")
    def _templates_and_path(self) -> "HttpChannel":
        if (self.path is None) != self.path_is_password:
            raise ValueError("give path, or path_is_password: true")
        if self.path_is_password and not isinstance(self.auth, NoAuth):
            raise ValueError("path_is_password: the password is the path, so auth has none to send")
        wording.check({"path": self.path, "body": self.body}, NAMES)
        return self

    @property
    def is_about_one_deal(self) -> bool:
        """Whether its templates name the key of a deal."""
        return "subject_id" in wording.names([self.path, self.body])


Channel = Annotated[EmailChannel | HttpChannel, Field(discriminator="kind")]


class OutboxConfig(StrictModel):
    """The file include/config/outbox.yaml.

    :param dry_run: nothing is sent.
    :param most_a_day: messages a business day: when those that went out today and those that are due now are more,
        nothing is sent until a person has looked.
    :param attempts: how often a message is tried that was surely not delivered.
    """

    dry_run: bool
    most_a_day: int = Field(ge=1)
    attempts: int = Field(ge=1, le=10)
    channels: dict[_Name, Channel]


def load_outbox_config() -> OutboxConfig:
    """Read include/config/outbox.yaml.

    :raises ConfigError: when it is not as it should be.
    """
    return read_config(CONFIG / "outbox.yaml", OutboxConfig)
