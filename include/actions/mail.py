"""Mail by SMTP, step by step: it is known of every failure whether the server can have taken the mail."""

import mimetypes
import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Literal

from include.actions.channels import Claimed, InDoubtError, NotSentError
from include.actions.config import EmailChannel
from include.actions.outbox import message_id
from include.settings import REPORTS

_TIMEOUT_SECONDS = 30
_MAIL = policy.SMTP.clone(cte_type="7bit")  # not every server takes 8 bits
_INTERNATIONAL = policy.SMTPUTF8.clone(cte_type="7bit")
_ADDRESS = re.compile(r"[^\s<>,;:\"()\\]+@[^\s<>,;:\"()\\@]+")
_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in."""

    host: str
    port: int
    security: Literal["ssl", "starttls", "none"]
    login: str = ""
    password: str = field(default="", repr=False)


def mail_server(connection: Any, name: str) -> MailServer:
    """The server of an Airflow connection of type smtp, by Airflow's names for its parts.

    As Airflow's own mail does: SSL unless the extra has ``disable_ssl``; then STARTTLS unless it has ``disable_tls``.

    :param name: of the connection, for messages.
    :raises NotSentError: when it has no host, or would send a password unencrypted.
    """
    extra = connection.extra_dejson
    if not connection.host:
        raise NotSentError(f"the connection {name} has no host", is_channel=True)
    security: Literal["ssl", "starttls", "none"] = (
        "none" if _is_on(extra, "disable_ssl") and _is_on(extra, "disable_tls")
        else "starttls" if _is_on(extra, "disable_ssl")
        else "ssl"
    )  # fmt: skip
    if security == "none" and connection.login and connection.host not in _LOCAL:
        told = f"the connection {name} has a login and disable_tls: its password would go unencrypted"
        raise NotSentError(told, is_channel=True)
    port = connection.port or {"ssl": 465, "starttls": 587, "none": 25}[security]
    return MailServer(connection.host, port, security, connection.login or "", connection.password or "")


def _is_on(extra: dict[str, Any], name: str) -> bool:
    return str(extra.get(name, "")).lower() in ("true", "1")


def mail_of(channel: EmailChannel, claimed: Claimed, at: datetime, folder: Path | None = None) -> EmailMessage:
    """The mail that a message of the outbox is.

    :param folder: of the reports, whose files may go with it; that of the installation unless given.
    :raises NotSentError: when the recipient is no address, or a file is no longer there.
    """
    if not _ADDRESS.fullmatch(claimed.recipient):
        raise NotSentError("the recipient is no e-mail address", is_final=True)
    sender = channel.sender_address()
    user, domain = claimed.recipient.rsplit("@", 1)
    mail = EmailMessage(policy=_MAIL)
    mail["From"] = sender
    mail["To"] = Address(username=user, domain=domain)
    mail["Subject"] = claimed.subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = message_id(claimed.message_key, sender.domain)
    mail["Auto-Submitted"] = "auto-generated"  # keeps "out of office" from answering
    mail.set_content(claimed.payload["text"])
    if claimed.payload.get("html"):
        mail.add_alternative(claimed.payload["html"], subtype="html")
    for file in claimed.payload.get("files", ()):
        _attach(mail, file, folder or REPORTS)
    return mail


def _attach(mail: EmailMessage, file: dict[str, str], folder: Path) -> None:
    path = (folder / file["path"]).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise NotSentError(f"{file['path']} is not in the reports folder", is_final=True)
    try:
        content = path.read_bytes()
    except OSError as error:
        # an erasure takes files of reports away
        raise NotSentError(f"{file['path']} cannot be attached ({error.strerror})", is_final=True) from None
    kind, _, subtype = (mimetypes.guess_type(file["name"])[0] or "application/octet-stream").partition("/")
    if file.get("content_id"):
        shown = mail.get_body(("html",))
        assert isinstance(shown, EmailMessage)
        shown.add_related(content, kind, subtype, cid=f"<{file['content_id']}>", disposition="inline")
    else:
        charset = {"charset": "utf-8"} if kind == "text" else {}
        mail.add_attachment(content, kind, subtype, filename=file["name"], params=charset)


class Mailer:
    """One connection to the server, for the mails of one run."""

    def __init__(self, channel: EmailChannel, server: MailServer) -> None:
        self.channel, self.server = channel, server
        self._smtp: smtplib.SMTP | None = None

    def send(self, claimed: Claimed, at: datetime, hand_over: Callable[[], None]) -> None:
        """Hand in one mail.

        :param hand_over: called once the server waits for the mail, before it gets the first byte.
        :raises NotSentError: the server has surely not taken it.
        :raises InDoubtError: it may have: after the mail was on its way the connection was cut, or an answer came that
            SMTP does not know.
        """
        mail = mail_of(self.channel, claimed, at)
        recipient = claimed.recipient
        options = [] if recipient.isascii() else ["SMTPUTF8"]
        data = mail.as_bytes(policy=_INTERNATIONAL if options else _MAIL)
        smtp = self._ready()
        try:
            if options and not smtp.has_extn("smtputf8"):
                raise NotSentError("the server takes no addresses beyond ASCII", is_final=True)
            self._expect(smtp.mail(self.channel.sender_address().addr_spec, options), 250, "the sender")
            self._expect(smtp.rcpt(recipient), 250, "the recipient")
            self._expect(smtp.docmd("DATA"), 354, "mail")
        except NotSentError:
            self.close()
            raise
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise NotSentError(f"cut before the mail was sent ({type(error).__name__})") from None
        hand_over()
        try:
            smtp.send(re.sub(rb"(?m)^\.", b"..", data) + (b"" if data.endswith(b"\r\n") else b"\r\n") + b".\r\n")
            answer = smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            told = f"cut after the mail was sent, before the server said that it has it ({type(error).__name__})"
            raise InDoubtError(told) from None
        if answer[0] // 100 not in (2, 4, 5):  # no answer that SMTP knows: what the server has done is unknown
            self.close()
            raise InDoubtError(f"the server's answer to the mail says nothing: {_said(answer)}")
        self._expect(answer, 250, "the mail")

    def close(self) -> None:
        """End the connection, whatever state it is in."""
        if self._smtp:
            self._smtp.close()
            self._smtp = None

    def _ready(self) -> smtplib.SMTP:
        if self._smtp:
            try:
                if self._smtp.noop()[0] == 250:
                    return self._smtp
            except (smtplib.SMTPException, OSError):
                pass
            self.close()
        try:
            self._smtp = self._opened()
        except smtplib.SMTPAuthenticationError:
            raise NotSentError("the mail server does not accept the login", is_channel=True) from None
        except UnicodeError:
            told = "the connection's login or password has a character that SMTP logins do not know"
            raise NotSentError(told, is_channel=True) from None
        except (smtplib.SMTPException, OSError) as error:
            where = f"{self.server.host}:{self.server.port}"
            raise NotSentError(
                f"the mail server {where} cannot be reached ({type(error).__name__})", is_channel=True
            ) from None
        return self._smtp

    def _opened(self) -> smtplib.SMTP:
        server = self.server
        context = ssl.create_default_context() if server.security != "none" else None
        smtp: smtplib.SMTP
        if server.security == "ssl":
            smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT_SECONDS, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT_SECONDS)
        try:
            smtp.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                smtp.starttls(context=context)
                smtp.ehlo()
            if server.login:
                smtp.login(server.login, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    @staticmethod
    def _expect(answer: tuple[int, bytes], wanted: int, what: str) -> None:
        code = answer[0]
        if code == wanted or (wanted == 250 and 200 <= code < 300):
            return
        # RFC 5321, 4.2.1: 4xx may do later, 5xx never; 421 is the whole server
        told = f"the server refused {what}: {_said(answer)}"
        raise NotSentError(told, is_final=code >= 500, is_channel=code == 421)


def _said(answer: tuple[int, bytes]) -> str:
    text = " ".join(answer[1].decode("utf-8", "replace").split())
    return f"{answer[0]} {text}"[:124]
