"""A mail server on loopback that a test can make refuse, cut off or stop at every step of SMTP."""

import socketserver
import threading
from collections.abc import Callable
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import SimpleNamespace

STEPS = ("connect", "helo", "mail", "rcpt", "data", "body", "accepted")
CUT = "cut"


class PostOffice:
    """Keeps every mail that it was handed whole.

    ``at`` is called at each of `STEPS` with the recipient, as far as it is known: what it returns is the server's
    answer instead of the usual one, and `CUT` ends the connection without one. At ``body`` the mail is whole and kept,
    and not answered yet; an answer of its own there means that it is not kept after all.
    """

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.at: Callable[[str, str], str | None] = lambda step, recipient: None
        office = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with suppress(OSError, ValueError):  # the client went away, as tests have it do
                    self.serve()

            def serve(self) -> None:
                recipient = ""
                if not self.say(office.at("connect", ""), "220 office"):
                    return
                while line := self.rfile.readline().decode().strip():
                    word = line.split(" ")[0].upper().split(":")[0]
                    if word in ("EHLO", "HELO"):
                        going = self.say(office.at("helo", ""), "250-office\r\n250 SMTPUTF8")
                    elif word == "MAIL":
                        recipient = ""
                        going = self.say(office.at("mail", ""), "250 OK")
                    elif word == "RCPT":
                        recipient = line.partition("<")[2].partition(">")[0]
                        going = self.say(office.at("rcpt", recipient), "250 OK")
                    elif word == "DATA":
                        going = self.data(recipient)
                    elif word == "QUIT":
                        return
                    else:
                        going = self.say(None, "250 OK")
                    if not going:
                        return

            def data(self, recipient: str) -> bool:
                told = office.at("data", recipient)
                if not self.say(told, "354 go on"):
                    return False
                if told:
                    return True
                lines = []
                while (line := self.rfile.readline()) != b".\r\n":
                    if not line:
                        return False
                    lines.append(line[1:] if line.startswith(b".") else line)
                mail = message_from_bytes(b"".join(lines), _class=EmailMessage, policy=policy.default)
                office.mails.append(mail)
                told = office.at("body", recipient)
                if told and told != CUT:
                    office.mails.remove(mail)
                if not self.say(told, "250 kept"):
                    return False
                office.at("accepted", recipient)
                return True

            def say(self, instead: str | None, usual: str) -> bool:
                if instead == CUT:
                    return False
                self.wfile.write(f"{instead or usual}\r\n".encode())
                return True

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 50

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()

    def connection(self, conn_id: str = "crm_mail") -> SimpleNamespace:
        """How to reach it, as an Airflow connection."""
        return mail_connection(self.port)

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()


def mail_connection(port: int, **parts: object) -> SimpleNamespace:
    """An Airflow connection of type smtp, without encryption."""
    given = {
        "conn_type": "smtp", "host": "127.0.0.1", "port": port, "schema": None, "login": None, "password": None,
        "extra_dejson": {"disable_ssl": True, "disable_tls": True},
    }  # fmt: skip
    return SimpleNamespace(**{**given, **parts})
