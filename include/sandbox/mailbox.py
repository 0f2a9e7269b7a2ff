"""A mail server that delivers nothing: what it takes is kept in memory and shown at /_sandbox/mail."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from include.sandbox.hours import iso
from include.sandbox.world import World


class Keeper:
    """Takes every mail."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        self.world.mails.append(_read(content, envelope, iso(self.world.now)))
        return "250 OK"


def _read(content: bytes, envelope: Envelope, at: str) -> dict[str, Any]:
    mail = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    text = mail.get_body(("plain",))
    html = mail.get_body(("html",))
    return {
        "received_at": at,
        "from": envelope.mail_from,
        "to": envelope.rcpt_tos,
        "subject": str(mail["subject"] or ""),
        "headers": {name: str(value) for name, value in mail.items()},
        "text": text.get_content() if text else "",
        "html": html.get_content() if html else None,
        "attachments": [
            {
                "name": part.get_filename(),
                "type": part.get_content_type(),
                "bytes": len(part.get_payload(decode=True) or b""),
            }
            for part in mail.iter_attachments()
        ],
    }


def protocol(world: World) -> SMTP:
    return SMTP(Keeper(world), hostname="sandbox", enable_SMTPUTF8=True)
