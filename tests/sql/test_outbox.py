"""The outbox and its channels against real servers: what is sure, what is in doubt, and what people decide."""

import base64
import multiprocessing
import socket
import ssl
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from include.actions import outbox
from include.actions.channels import NotSentError
from include.actions.config import OutboxConfig
from include.actions.mail import mail_server
from include.actions.outbox import Message, OutboxError, idempotency_key, message_id
from include.actions.sender import send_due
from include.config_files import ConfigError, read_config
from include.errors import OutboxStoppedError
from include.warehouse.connection import Warehouse
from tests.api import Answer, Api
from tests.post_office import CUT, PostOffice, mail_connection
from tests.reminder_days import PRELOAD, send

NOON = datetime(2026, 12, 4, 12, tzinfo=UTC)
HOOK = {
    "kind": "http",
    "connection": "hook",
    "path": "/in",
    "body": {"text": "{{ text | chat }}", "to": "{{ recipient }}"},
}
MAIL = {"kind": "email", "connection": "crm_mail", "from": "Äutopilot <crm@acme.example>"}


@pytest.fixture
def office() -> Iterator[PostOffice]:
    office = PostOffice()
    yield office
    office.close()


@pytest.fixture
def warehouse(embedded_warehouse: Warehouse) -> Warehouse:
    return embedded_warehouse


def config(**changes: Any) -> OutboxConfig:
    """An outbox that sends mail and calls a hook."""
    given = {"dry_run": False, "most_a_day": 100, "attempts": 3, "channels": {"email": MAIL, "hook": HOOK}}
    return OutboxConfig.model_validate({**given, **changes})


def message(key: str = "a", **changes: Any) -> Message:
    given: dict[str, Any] = {
        "key": key, "kind": "reminder", "channel": "email", "recipient": "ann@acme.example", "subject": "Look",
        "text": "A deal", "not_before": NOON - timedelta(hours=4), "not_after": NOON + timedelta(hours=6),
    }  # fmt: skip
    return Message(**{**given, **changes})


def put(warehouse: Warehouse, *messages: Message, settings: OutboxConfig | None = None) -> list[int | None]:
    with warehouse.connect() as connection:
        return [outbox.propose(connection, settings or config(), one, NOON) for one in messages]


def run(
    warehouse: Warehouse, office: Any, after: timedelta = timedelta(), settings: OutboxConfig | None = None
) -> dict[str, int]:
    """What a sender did, without zeros."""
    done = send_due(warehouse, settings or config(), office.connection, lambda: NOON + after)
    return {what: count for what, count in done.items() if count}


def state(warehouse: Warehouse, key: str = "a") -> tuple[str, str | None]:
    with warehouse.connect() as connection:
        row = connection.execute("select state, reason from ops.outbox where message_key = %s", [key]).fetchone()
    assert row
    return row[0], row[1]


def test_a_mail_is_sent_once(warehouse: Warehouse, office: PostOffice) -> None:
    put(warehouse, message(text="first", html="<p>first</p>"))
    put(warehouse, message(text="the same message again", subject="Grüße 金额"))
    assert run(warehouse, office) == {"sent": 1}
    assert run(warehouse, office, timedelta(hours=1)) == {}
    assert put(warehouse, message(text="and again")) == [None]
    assert run(warehouse, office, timedelta(hours=2)) == {}
    (mail,) = office.mails
    assert mail["Message-ID"] == message_id("a", "acme.example")
    assert str(mail["From"]) == "Äutopilot <crm@acme.example>" and str(mail["To"]) == "ann@acme.example"
    assert str(mail["Subject"]) == "Grüße 金额"
    # written anew before it was sent
    assert mail.get_body(("plain",)).get_content().strip() == "the same message again"  # type: ignore[union-attr]
    assert mail.get_body(("html",)) is None


def test_a_mail_arrives_as_it_was_written(warehouse: Warehouse, office: PostOffice) -> None:
    text = "one\n.two\n..three\n.\n" + "long " * 400 + "\n金额\n"
    put(warehouse, message(text=text, html="<p>金额 &amp;</p>\n"))
    assert run(warehouse, office) == {"sent": 1}
    assert office.mails[0].get_body(("plain",)).get_content().replace("\r\n", "\n") == text  # type: ignore[union-attr]
    assert office.mails[0].get_body(("html",)).get_content() == "<p>金额 &amp;</p>\r\n"  # type: ignore[union-attr]


def test_nothing_leaves_in_a_dry_run_nor_later(warehouse: Warehouse, office: PostOffice) -> None:
    put(warehouse, message(), settings=config(dry_run=True))
    assert run(warehouse, office, settings=config(dry_run=True)) == {}
    assert run(warehouse, office) == {}  # the dry run is over: what it proposed does not go by itself
    assert state(warehouse) == ("proposed", "dry run")
    assert run(warehouse, office, timedelta(hours=6)) == {"expired": 1}
    assert office.mails == []


def test_a_message_is_only_sent_in_its_hours(warehouse: Warehouse, office: PostOffice) -> None:
    put(warehouse, message())
    assert run(warehouse, office, -timedelta(hours=5)) == {}
    assert run(warehouse, office, timedelta(hours=6)) == {"expired": 1}
    assert state(warehouse) == ("cancelled", "not sent in its time")
    assert office.mails == []


def test_surely_not_delivered_is_tried_again_with_longer_waits(warehouse: Warehouse, office: PostOffice) -> None:
    put(warehouse, message())
    office.at = lambda step, recipient: "451 later" if step == "rcpt" else None
    assert run(warehouse, office) == {"again": 1}
    assert state(warehouse) == ("approved", "the server refused the recipient: 451 later")
    assert run(warehouse, office, timedelta(seconds=59)) == {}  # waits a minute, then two
    office.at = lambda step, recipient: "451 busy" if step == "body" else None
    assert run(warehouse, office, timedelta(minutes=1)) == {"again": 1}
    assert run(warehouse, office, timedelta(minutes=2, seconds=59)) == {}
    office.at = lambda step, recipient: CUT if step == "data" else None
    assert run(warehouse, office, timedelta(minutes=3)) == {"failed": 1}  # the third attempt of three
    assert state(warehouse) == ("failed", "cut before the mail was sent (SMTPServerDisconnected)")
    office.at = lambda step, recipient: None
    assert run(warehouse, office, timedelta(hours=1)) == {}
    assert office.mails == []


def test_refused_for_good_is_not_tried_again(warehouse: Warehouse, office: PostOffice) -> None:
    put(warehouse, message(), message("b", recipient="bo@acme.example"), message("c", recipient="nobody"))
    office.at = lambda step, recipient: "550 no such user" if step == "rcpt" and "ann" in recipient else None
    assert run(warehouse, office) == {"failed": 2, "sent": 1}
    assert state(warehouse) == ("failed", "the server refused the recipient: 550 no such user")
    assert state(warehouse, "c") == ("failed", "the recipient is no e-mail address")


@pytest.mark.parametrize("answer", ["kept it, thanks", "354 go on", "150 busy", "600 what"])
def test_an_answer_to_the_mail_that_says_nothing_is_uncertain(
    warehouse: Warehouse, office: PostOffice, answer: str
) -> None:
    put(warehouse, message(), message("b"))
    # RFC 5321, 4.2.1: 2xx is done, 4xx and 5xx are not; nothing else may follow a mail
    steps: Counter[str] = Counter()

    def at(step: str, recipient: str) -> str | None:
        steps[step] += 1
        return answer if step == "body" and steps[step] == 1 else None

    office.at = at
    assert run(warehouse, office) == {"uncertain": 1, "sent": 1}
    assert state(warehouse)[0] == "uncertain" and steps["connect"] == 2  # the next mail goes by a line of its own


def test_a_recipient_beyond_ascii(warehouse: Warehouse, office: PostOffice) -> None:
    put(warehouse, message(recipient="verkauf@müller.example"))
    assert run(warehouse, office) == {"sent": 1}  # the server offers SMTPUTF8
    office.at = lambda step, recipient: "250 office" if step == "helo" else None
    put(warehouse, message("b", recipient="verkauf@müller.example"), message("c"))
    assert run(warehouse, office) == {"failed": 1, "sent": 1}
    assert state(warehouse, "b") == ("failed", "the server takes no addresses beyond ASCII")


def test_a_cut_after_the_mail_was_sent_is_uncertain(warehouse: Warehouse, office: PostOffice) -> None:
    numbers = put(warehouse, message(), message("b"))
    office.at = lambda step, recipient: CUT if step == "body" else None
    assert run(warehouse, office) == {"uncertain": 2}
    office.at = lambda step, recipient: None
    assert run(warehouse, office, timedelta(hours=1)) == {}
    assert len(office.mails) == 2
    with warehouse.connect() as connection:
        assert [row["outbox_id"] for row in outbox.listed(connection, ["uncertain"], 9)] == sorted(
            numbers, reverse=True
        )  # type: ignore[type-var]
        outbox.close(connection, numbers[1:], "eve", NOON, arrived=True)  # type: ignore[arg-type]
        outbox.resend(connection, numbers[:1], "eve", NOON + timedelta(days=2))  # type: ignore[arg-type]
    assert state(warehouse, "b") == ("sent", "arrived, as a person found out")
    assert run(warehouse, office, timedelta(days=2)) == {"sent": 1}
    # a person's resending is the one way to a double, and it can be known by its id
    assert [mail["Message-ID"] for mail in office.mails].count(message_id("a", "acme.example")) == 2


def test_a_server_that_is_down_costs_no_message_its_attempts(warehouse: Warehouse, office: PostOffice) -> None:
    put(warehouse, message(), message("b"))
    office.close()
    for hours in range(5):
        assert run(warehouse, office, timedelta(hours=hours)) == {"again": 1}  # one try, the others wait
    assert {state(warehouse, key)[0] for key in "ab"} == {"approved"}
    assert run(warehouse, office, timedelta(hours=7)) == {"expired": 2}
    told = state(warehouse)[1] or ""
    assert told.startswith("not sent in its time") and "cannot be reached" in told


def test_a_connection_that_is_not_there_sends_nothing(warehouse: Warehouse) -> None:
    put(warehouse, message())

    def find(conn_id: str) -> None:
        raise NotSentError(f"there is no Airflow connection {conn_id}", is_channel=True)

    assert run(warehouse, SimpleNamespace(connection=find)) == {"again": 1}
    assert state(warehouse) == ("approved", "there is no Airflow connection crm_mail")


def test_the_fuse_stops_everything_and_says_so(warehouse: Warehouse, office: PostOffice) -> None:
    put(warehouse, *(message(str(n)) for n in range(3)))
    assert run(warehouse, office, settings=config(most_a_day=3)) == {"sent": 3}
    put(warehouse, message("more"))
    with pytest.raises(
        OutboxStoppedError, match=r"3 messages went out today and 1 are due, more than most_a_day \(3\)"
    ):
        run(warehouse, office, settings=config(most_a_day=3))
    assert len(office.mails) == 3
    put(warehouse, message("tomorrow", not_before=NOON + timedelta(hours=20), not_after=NOON + timedelta(hours=26)))
    assert run(warehouse, office, timedelta(hours=21), config(most_a_day=3)) == {"expired": 1, "sent": 1}


def test_several_senders_share_the_work(warehouse: Warehouse, office: PostOffice) -> None:
    put(warehouse, *(message(str(n)) for n in range(40)))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    senders = [context.Process(target=send, args=(warehouse.url, office.port, NOON.isoformat())) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(60)
    assert [sender.exitcode for sender in senders] == [0] * 4
    ids = [mail["Message-ID"] for mail in office.mails]
    assert len(ids) == len(set(ids)) == 40


def test_a_living_sender_is_left_alone(warehouse: Warehouse, office: PostOffice) -> None:
    put(warehouse, message())
    seen: list[dict[str, int]] = []

    def at(step: str, recipient: str) -> None:
        if step == "body":
            seen.append(run(warehouse, office))  # a second sender, while the first one waits for the answer

    office.at = at
    assert run(warehouse, office) == {"sent": 1}
    assert seen == [{}] and state(warehouse) == ("sent", None)


def test_what_a_dead_sender_had_not_handed_over_is_sent_again(warehouse: Warehouse, office: PostOffice) -> None:
    put(warehouse, message("connecting"), message("handed over"))
    with warehouse.connect() as connection:
        connection.execute("update ops.outbox set state = 'sending', attempts = 1, sending_at = %s", [NOON])
        connection.execute("update ops.outbox set handed_at = %s where message_key = 'handed over'", [NOON])
    assert run(warehouse, office) == {"again": 1, "uncertain": 1, "sent": 1}
    assert state(warehouse, "connecting")[0] == "sent" and state(warehouse, "handed over")[0] == "uncertain"
    assert [mail["Message-ID"] for mail in office.mails] == [message_id("connecting", "acme.example")]


def test_hostile_text_stays_text(warehouse: Warehouse, office: PostOffice) -> None:
    evil = "Deal\r\nBcc: all@acme.example\r\n\r\n{{ 7 * 7 }}"
    put(warehouse, message(subject=evil), message("b", recipient="ann@acme.example\r\nBcc: x@y.example"))
    assert run(warehouse, office) == {"sent": 1, "failed": 1}
    (mail,) = office.mails
    assert mail["Bcc"] is None and str(mail["Subject"]) == "Deal Bcc: all@acme.example {{ 7 * 7 }}"


def test_what_was_cancelled_for_its_time_is_written_anew_and_what_a_person_cancelled_is_not(
    warehouse: Warehouse, office: PostOffice
) -> None:
    numbers = put(warehouse, message(), message("b"))
    with warehouse.connect() as connection:
        outbox.cancel(connection, numbers[1:], "eve", NOON)  # type: ignore[arg-type]
    office.close()
    for hours in range(5):
        run(warehouse, office, timedelta(hours=hours))
    assert run(warehouse, office, timedelta(hours=6)) == {"expired": 1}
    later: dict[str, Any] = {"not_before": NOON + timedelta(hours=20), "not_after": NOON + timedelta(hours=26)}
    assert put(warehouse, message(text="anew", **later), message("b", **later)) == [numbers[0], None]
    again = PostOffice()
    try:
        again.at = lambda step, recipient: "451 later" if step == "rcpt" else None
        assert run(warehouse, again, timedelta(hours=21)) == {"again": 1}  # with all its attempts
        again.at = lambda step, recipient: None
        assert run(warehouse, again, timedelta(hours=22)) == {"sent": 1}
    finally:
        again.close()
    assert again.mails[0].get_content().strip() == "anew"


def test_what_people_decide(warehouse: Warehouse, office: PostOffice) -> None:
    waits = config(channels={"email": {**MAIL, "needs_approval": True}})
    first, second, third = put(warehouse, message(), message("b"), message("c"), settings=waits)
    assert first and second and third
    assert run(warehouse, office) == {}
    with warehouse.connect() as connection:
        outbox.approve(connection, [first], "eve", NOON)
        outbox.cancel(connection, [second], "eve", NOON)
        with pytest.raises(OutboxError, match=rf"{second} is cancelled, 999 is not there; expected proposed"):
            outbox.approve(connection, [third, second, 999], "eve", NOON)
        with pytest.raises(OutboxError, match="its time is over"):
            outbox.approve(connection, [third], "eve", NOON + timedelta(days=1))
        with pytest.raises(OutboxError, match="expected uncertain"):
            outbox.close(connection, [third], "eve", NOON, arrived=True)
    assert put(warehouse, message(text="new")) == [None]  # nobody changes what a person has approved
    assert run(warehouse, office) == {"sent": 1}
    assert state(warehouse, "c")[0] == "proposed"


# ---- HTTP


def http(api: Api, **parts: Any) -> SimpleNamespace:
    """How channels find a hook's Airflow connection."""
    given: dict[str, Any] = {
        "conn_type": "http", "host": api.address, "port": None, "schema": None, "login": None,
        "password": "s3cret/pass", "extra_dejson": {},
    }  # fmt: skip
    return SimpleNamespace(connection=lambda conn_id: SimpleNamespace(**{**given, **parts}))


def test_a_request_is_sent_once_with_its_key(warehouse: Warehouse, api: Api) -> None:
    hook = {**HOOK, "auth": {"kind": "bearer"}}
    settings = config(channels={"hook": hook})
    put(warehouse, message(channel="hook", text="<!channel> Tom & Co {{ 7 * 7 }}"), settings=settings)
    assert run(warehouse, http(api), settings=settings) == {"sent": 1}
    (asked,) = api.asked
    assert (asked.method, asked.path) == ("POST", "/in")
    assert asked.body == {"text": "&lt;!channel&gt; Tom &amp; Co {{ 7 * 7 }}", "to": "ann@acme.example"}
    assert asked.headers["idempotency-key"] == idempotency_key("a")
    assert asked.headers["authorization"] == "Bearer s3cret/pass"


def test_a_foreign_key_stays_one_part_of_the_path(warehouse: Warehouse, api: Api) -> None:
    settings = config(channels={"hook": {**HOOK, "path": "/deals/{{ subject_id }}/tasks"}})
    put(warehouse, message(channel="hook", values={"subject_id": "7/../../users?admin=1#"}), settings=settings)
    put(warehouse, message("b", channel="hook", values={"subject_id": ".."}), settings=settings)
    assert run(warehouse, http(api), settings=settings) == {"sent": 1, "failed": 1}
    assert (
        len(api.asked) == 1 and state(warehouse, "b")[1] == "a part of the path is . or .., which would lead elsewhere"
    )
    assert (api.asked[0].path, api.asked[0].query) == ("/deals/7%2F..%2F..%2Fusers%3Fadmin%3D1%23/tasks", {})


def test_an_address_that_is_the_secret_is_not_told(warehouse: Warehouse, api: Api) -> None:
    hook = {"kind": "http", "connection": "hook", "path_is_password": True, "body": {"text": "{{ text }}"}}
    settings = config(channels={"hook": hook})
    put(warehouse, message(channel="hook"), settings=settings)
    api.answer = lambda asked, n: Answer({"no": f"nobody at {asked.path}"}, 404)
    assert run(warehouse, http(api, host=f"{api.address}/services"), settings=settings) == {"failed": 1}
    assert api.asked[0].path == "/services/s3cret/pass"
    assert "s3cret" not in (state(warehouse)[1] or "")


@pytest.mark.parametrize(
    ("answer", "becomes"),
    [
        (Answer({}, 204), "sent"), (Answer({}, 400), "failed"), (Answer({}, 302), "failed"),
        (Answer({}, 429), "approved"), (Answer({}, 503), "approved"), (Answer({}, 401), "approved"),
        # it may have been done: these do not say
        (Answer({}, 500), "uncertain"), (Answer({}, 504), "uncertain"),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else value,
)  # fmt: skip
def test_what_an_answer_means(warehouse: Warehouse, api: Api, answer: Answer, becomes: str) -> None:
    put(warehouse, message(channel="hook"))
    api.answer = lambda asked, n: answer
    run(warehouse, http(api))
    run(warehouse, http(api))  # before the wait is over
    assert state(warehouse)[0] == becomes and len(api.asked) == 1


def test_no_answer_is_uncertain_and_no_server_is_not(warehouse: Warehouse, office: PostOffice, api: Api) -> None:
    put(warehouse, message(channel="hook"))
    api.close()
    assert run(warehouse, http(api)) == {"again": 1}
    office.at = lambda step, recipient: CUT if step == "connect" else None
    there = http(api, host="http://127.0.0.1", port=office.port)
    assert run(warehouse, there, timedelta(minutes=5)) == {"uncertain": 1}


# ---- encryption and logins, against aiosmtpd


class Keeper:
    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        assert session.ssl and session.authenticated
        self.mails.append(message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default))
        return "250 kept"


def _certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1 that signs itself, and its key."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "office")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "office.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


def test_starttls_and_login(warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def login(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"ann", b"s3cret"), handled=False)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    keeper = Keeper()
    server = Controller(
        keeper, "127.0.0.1", port, tls_context=context, require_starttls=True, authenticator=login, auth_required=True
    )
    server.start()
    try:

        def there(password: str) -> SimpleNamespace:
            found = mail_connection(port, login="ann", password=password, extra_dejson={"disable_ssl": True})
            return SimpleNamespace(connection=lambda conn_id: found)

        put(warehouse, message())
        assert run(warehouse, there("s3cret")) == {"again": 1}  # nobody vouches for its certificate
        assert "SSLCertVerificationError" in (state(warehouse)[1] or "")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert run(warehouse, there("wrong"), timedelta(minutes=5)) == {"again": 1}
        assert state(warehouse)[1] == "the mail server does not accept the login"
        assert run(warehouse, there("s3cret"), timedelta(minutes=10)) == {"sent": 1}
    finally:
        server.stop()
    assert len(keeper.mails) == 1


def test_a_password_does_not_go_unencrypted() -> None:
    bare = mail_connection(25, host="mail.acme.example", login="ann", password=base64.b64encode(b"x").decode())
    with pytest.raises(NotSentError, match="its password would go unencrypted"):
        mail_server(bare, "crm_mail")
    assert mail_server(mail_connection(0, extra_dejson={}), "crm_mail").port == 465


# ---- configuration


@pytest.mark.parametrize(
    ("yaml", "told"),
    [
        ("dry_run: maybe", "dry_run: "),
        ("most_a_day: 0", "most_a_day: "),
        ("channels: {email: {kind: email, connection: m, from: nobody}}", "'nobody' is no address"),
        ("channels: {email: {kind: email, connection: m, from: a@müller.example}}", "write its domain as xn--…"),
        ("channels: {email: {kind: email, connection: m, from: jörg@acme.example}}", "characters beyond ASCII"),
        ("channels: {email: {kind: pigeon}}", "'email', 'http'"),
        ("channels: {h: {kind: http, connection: c, body: {}}}", "give path, or path_is_password"),
        ("channels: {h: {kind: http, connection: c, path: /a, body: {t: '{{ oops }}'}}}", "names oops; there is at, "),
        ("channels: {h: {kind: http, connection: c, path: /a, body: {t: '{{ text'}}}", "is no template"),
        (
            "channels: {h: {kind: http, connection: c, path: /a, body: {t: ['{{ at.year }}']}}}",
            "channels.h.http: body.t.0: '{{ at.year }}' cannot be filled",
        ),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, yaml: str, told: str) -> None:
    base = {
        "dry_run": "dry_run: true",
        "most_a_day": "most_a_day: 9",
        "attempts": "attempts: 2",
        "channels": "channels: {}",
    }
    base[yaml.split(":")[0]] = yaml
    path = tmp_path / "outbox.yaml"
    path.write_text("\n".join(base.values()))
    with pytest.raises(ConfigError) as error:
        read_config(path, OutboxConfig)
    assert told in str(error.value) and str(path) in str(error.value)


def test_the_books_say_what_states_there_are(warehouse: Warehouse) -> None:
    put(warehouse, message())
    with warehouse.connect() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("update ops.outbox set state = 'lost'")
