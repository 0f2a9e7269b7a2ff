"""What the channels have in common: the message as they get it, and what they say became of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from include.actions.config import Channel, EmailChannel
from include.sources.connection import source_connection


@dataclass(frozen=True)
class Claimed:
    """A message of the outbox that this process alone may send."""

    outbox_id: int
    message_key: str
    channel: str
    recipient: str
    subject: str
    payload: dict[str, Any]
    attempts: int


class NotSentError(Exception):
    """The message was surely not delivered.

    :param is_final: trying again would fail again.
    :param is_channel: it is no matter of this message: the channel's others would fail, too.
    """

    def __init__(self, what: str, *, is_final: bool = False, is_channel: bool = False) -> None:
        super().__init__(what)
        self.is_final, self.is_channel = is_final, is_channel


class InDoubtError(Exception):
    """The message may have been delivered, or not."""


class Transport(Protocol):
    """A channel that is ready to send."""

    def send(self, claimed: Claimed, at: datetime, hand_over: Callable[[], None]) -> None:
        """Send one message; returns when the other side has it.

        :param hand_over: called before the first thing after which the other side may have it, and not earlier.
        :raises NotSentError: it surely has not.
        :raises InDoubtError: it may have.
        """

    def close(self) -> None:
        """End what is open."""


def open_transport(channel: Channel, find_connection: Callable[[str], Any]) -> Transport:
    """A channel made ready.

    :param find_connection: from an id to an Airflow connection.
    :raises NotSentError: when its connection is not as it should be.
    """
    from include.actions.mail import Mailer, mail_server
    from include.actions.web_request import Requester

    connection = find_connection(channel.connection)
    if isinstance(channel, EmailChannel):
        return Mailer(channel, mail_server(connection, channel.connection))
    return Requester(channel, source_connection(connection))
