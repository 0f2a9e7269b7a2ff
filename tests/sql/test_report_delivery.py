"""Reports by mail: rendered, put into the outbox, sent to a real mail server, and read back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from bs4 import BeautifulSoup

from include.actions import mail as mail_channel
from include.actions.config import OutboxConfig
from include.actions.sender import send_due
from include.config_files import ConfigError
from include.reports.by_hand import send_by_hand
from include.reports.colours import contrast
from include.reports.config import Brand, Mail, Plan, ReportsConfig, check_channels, load_reports_config
from include.reports.delivery import Delivered, ReportChangedError, is_changed, propose_reports
from include.reports.differences import since_the_one_before
from include.reports.model import Tile
from include.reports.render import Edition, render_all
from include.reports.words import compare
from include.warehouse.connection import Warehouse
from include.window import Window
from tests.post_office import PostOffice
from tests.sql.test_report_editions import fill

WEEK = Window.between("2026-11-09", "2026-11-15", ZoneInfo("UTC"))
NOW = datetime(2026, 11, 16, 6, tzinfo=UTC)
BRAND = Brand(name="Acme")
CHANNELS = {
    "email": {"kind": "email", "connection": "crm_mail", "from": "Reports <crm@acme.example>"},
    "chat": {
        "kind": "http", "connection": "chat", "path": "/in", "body": {"text": "{{ text | chat }}", "at": "{{ link }}"},
    },
}  # fmt: skip
OUTBOX = OutboxConfig.model_validate({"dry_run": False, "most_a_day": 100, "attempts": 3, "channels": CHANNELS})
ANN, WANG = {"email": "ann@acme.example"}, {"name": "王", "email": "wang@acme.example"}


@pytest.fixture
def office() -> Iterator[PostOffice]:
    office = PostOffice()
    yield office
    office.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The reports folder, of which mail takes its files."""
    monkeypatch.setattr(mail_channel, "REPORTS", tmp_path)
    return tmp_path


def made(
    warehouse: Warehouse, folder: Path, *languages: str, formats: tuple[str, ...] = ("pdf", "xlsx")
) -> list[Edition]:
    fill(warehouse, "<script>alert(1)</script> 王小明")
    return render_all(warehouse, ["summary"], WEEK, ["crm"], folder, formats, languages or ("en",))  # type: ignore[arg-type]


def propose(warehouse: Warehouse, editions: list[Edition], folder: Path, *mails: dict, at: datetime = NOW) -> Delivered:
    wanted = [Mail.model_validate({"report": "summary", **mail}) for mail in mails]
    with warehouse.connect() as connection:
        return propose_reports(connection, OUTBOX, BRAND, wanted, editions, folder, at, "https://crm.example/open/")


def send(warehouse: Warehouse, office: PostOffice) -> dict[str, int]:
    done = send_due(warehouse, OUTBOX, office.connection, lambda: NOW + timedelta(minutes=1))
    return {what: count for what, count in done.items() if count}


def test_everyone_gets_a_mail_of_their_own(embedded_warehouse: Warehouse, office: PostOffice, folder: Path) -> None:
    editions = made(embedded_warehouse, folder, "en", "zh")
    mails = (
        {"to": [ANN], "attach": ["html", "pdf", "xlsx"]},
        {"language": "zh", "to": [WANG], "attach": ["pdf"]},
    )  # fmt: skip
    assert propose(embedded_warehouse, editions, folder, *mails) == Delivered(proposed=2)
    assert send(embedded_warehouse, office) == {"sent": 2}
    english, chinese = sorted(office.mails, key=lambda mail: str(mail["To"]))
    assert str(english["To"]) == "ann@acme.example" and str(chinese["To"]) == "wang@acme.example"
    assert str(english["Subject"]) == "Summary, 9–15 November 2026"
    text = english.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "- 1 deal was won" in text and f"https://crm.example/open/{editions[0].edition_id}" in text
    # pictures are in the mail, each shown once, with what it shows in words
    html = BeautifulSoup(english.get_body(("html",)).get_content(), "html.parser")  # type: ignore[union-attr]
    assert not html.find_all("script")
    shown = [image["src"].removeprefix("cid:") for image in html.find_all("img")]  # type: ignore[union-attr]
    assert shown and all(image["alt"] for image in html.find_all("img"))
    carried = {
        part["Content-ID"].strip("<>"): part.get_content()
        for part in english.walk()
        if part.get_content_type() == "image/png"
    }
    assert sorted(carried) == sorted(shown) and all(png.startswith(b"\x89PNG") for png in carried.values())
    # attachments are the files of the edition
    names = {part.get_filename(): part.get_content() for part in english.iter_attachments() if part.get_filename()}
    edition = editions[0]
    assert names["Summary-2026-11-09..2026-11-15.pdf"] == edition.path.with_suffix(".pdf").read_bytes()
    assert names["Summary-2026-11-09..2026-11-15.xlsx"] == edition.path.with_suffix(".xlsx").read_bytes()
    whole = names["Summary-2026-11-09..2026-11-15.html"]
    assert (whole if isinstance(whole, bytes) else whole.replace("\r\n", "\n").encode()) == edition.path.read_bytes()


def test_a_window_goes_out_once(embedded_warehouse: Warehouse, office: PostOffice, folder: Path) -> None:
    editions = made(embedded_warehouse, folder)
    assert propose(embedded_warehouse, editions, folder, {"to": [ANN]}).proposed == 1
    assert propose(embedded_warehouse, editions, folder, {"to": [ANN]}).proposed == 1  # written anew: nobody has it yet
    assert send(embedded_warehouse, office) == {"sent": 1}
    assert propose(embedded_warehouse, editions, folder, {"to": [ANN]}) == Delivered(known=1)
    assert send(embedded_warehouse, office) == {} and len(office.mails) == 1


def test_whoever_asks_gets_it_again(embedded_warehouse: Warehouse, folder: Path) -> None:
    editions = made(embedded_warehouse, folder)
    for occasion, to in (("run 1", ["ann@acme.example", "bo@acme.example"]), ("run 2", ["ann@acme.example"])):
        done = send_by_hand(embedded_warehouse, editions, to, ["pdf"], "https://crm.example/open/", occasion, folder)
        assert done == Delivered(proposed=len(to))
    for wrong, attach, told in (("ann", [], "send_to: ann"), ("ann@acme.example", ["docx"], "docx was not made")):
        with pytest.raises(ConfigError, match=told):
            send_by_hand(embedded_warehouse, editions, [wrong], attach, "", "run 3", folder)


def test_a_chat_gets_the_sentences_and_a_link(embedded_warehouse: Warehouse, folder: Path) -> None:
    editions = made(embedded_warehouse, folder)
    assert propose(embedded_warehouse, editions, folder, {"to": [{"channel": "chat"}]}).proposed == 1
    with embedded_warehouse.connect() as connection:
        (payload,) = connection.execute("select payload from ops.outbox").fetchone() or ({},)
    assert "1 deal was won" in payload["body"]["text"]
    assert payload["body"]["at"] == f"https://crm.example/open/{editions[0].edition_id}" and "files" not in payload


def test_an_edition_that_an_erasure_changed_is_not_sent(embedded_warehouse: Warehouse, folder: Path) -> None:
    editions = made(embedded_warehouse, folder)
    editions[0].path.write_bytes(editions[0].path.read_bytes() + b"<!-- freed of somebody -->")
    with pytest.raises(ReportChangedError):
        propose(embedded_warehouse, editions, folder, {"to": [ANN]})


def test_a_chat_alone_needs_no_mail(embedded_warehouse: Warehouse, folder: Path) -> None:
    outbox = OUTBOX.model_copy(update={"channels": {"chat": OUTBOX.channels["chat"]}})
    editions = made(embedded_warehouse, folder)
    with embedded_warehouse.connect() as connection:
        for to, told in (({"channel": "chat"}, None), (ANN, "no channel of kind email")):
            mails = [Mail.model_validate({"report": "summary", "to": [to]})]
            if told is None:
                assert propose_reports(connection, outbox, BRAND, mails, editions, folder, NOW).proposed == 1
            else:
                with pytest.raises(ConfigError, match=told):
                    propose_reports(connection, outbox, BRAND, mails, editions, folder, NOW)


def test_a_file_that_is_gone_is_said_and_nothing_is_sent(
    embedded_warehouse: Warehouse, office: PostOffice, folder: Path
) -> None:
    editions = made(embedded_warehouse, folder)
    propose(embedded_warehouse, editions, folder, {"to": [ANN], "attach": ["pdf"]})
    editions[0].path.with_suffix(".pdf").unlink()
    assert send(embedded_warehouse, office) == {"failed": 1} and not office.mails
    with embedded_warehouse.connect() as connection:
        (reason,) = connection.execute("select reason from ops.outbox").fetchone() or ("",)
    assert reason.endswith(".pdf cannot be attached (No such file or directory)")


def test_what_is_the_same_as_before_may_be_left_out(embedded_warehouse: Warehouse, folder: Path) -> None:
    same = compare("count", 3, 3, editions_phrase := made(embedded_warehouse, folder)[0].frame.flow)
    more = compare("count", 4, 3, editions_phrase)
    tiles = [Tile("Won", "count", 3, "won", change=same), Tile("Known", "count", 3, "known_deals")]
    assert not is_changed(tiles)
    assert is_changed([*tiles, Tile("Lost", "count", 4, "lost", change=more)])


def test_what_an_edition_tells_otherwise_is_kept(embedded_warehouse: Warehouse, folder: Path) -> None:
    first = made(embedded_warehouse, folder, "en", "zh", formats=())
    with embedded_warehouse.connect() as connection:
        connection.execute("update mart.deal set amount = amount * 2 where deal_id = '1'")
    second = render_all(embedded_warehouse, ["summary"], WEEK, ["crm"], folder, (), ["en", "zh"])
    with embedded_warehouse.connect() as connection:
        assert since_the_one_before(connection, str(first[0].path.relative_to(folder))) is None
        found = since_the_one_before(connection, str(second[0].path.relative_to(folder)))
        chinese = since_the_one_before(connection, str(second[1].path.relative_to(folder)))
    assert found and chinese and found.tables == []
    assert ("Won amount", "1,234,567.50 USD", "2,469,135 USD") in found.figures
    assert found.as_text().startswith("Won amount 1,234,567.50 USD → 2,469,135 USD")


def test_the_summary_is_one_page_of_paper(embedded_warehouse: Warehouse, folder: Path) -> None:
    editions = made(embedded_warehouse, folder, "en", "zh", formats=("pdf",))
    for edition in editions:
        assert edition.path.with_suffix(".pdf").read_bytes().count(b"/Type/Pages/Count 1/") == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"brand": {"name": "A", "accent": "#ffee00"}}, "brand: accent: #ffee00 cannot be read on white (1.2 to 1)"),
        ({"brand": {"name": "A", "logo": "no.png"}}, "brand: logo: there is no file"),
        ({"daily": {"subjects": ["sales"], "mail": [{"report": "service", "to": [ANN]}]}}, "report service in en is"),
        (
            {"daily": {"subjects": ["sales"], "mail": [{"report": "sales", "to": [ANN], "attach": ["pdf"]}]}},
            "pdf cannot be attached: not in formats",
        ),
        ({"daily": {"subjects": ["sales"], "mail": [{"report": "sales", "to": [{}]}]}}, "give email or channel"),
        ({"daily": {"subjects": ["sales"], "mail": [{"report": "sales", "to": [ANN, ANN]}]}}, "twice; put it once"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_told(
    change: dict, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from include.config_files import read_config

    given = {"brand": {"name": "Acme"}, "daily": {"subjects": ["sales"]}} | change
    (tmp_path / "reports.yaml").write_text(yaml.safe_dump(given), "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_config(tmp_path / "reports.yaml", ReportsConfig)
    assert told in str(caught.value)


def test_a_channel_that_is_not_there_is_told() -> None:
    mail = Mail.model_validate({"report": "sales", "to": [{"channel": "email"}]})
    plan = Plan.model_validate({"subjects": ["sales"], "mail": [mail]})
    with pytest.raises(ConfigError, match=r"daily.mail: email is no channel for reports; in outbox.yaml there is chat"):
        check_channels(ReportsConfig(brand=BRAND, daily=plan), OUTBOX)


def test_the_file_as_delivered_can_be_used() -> None:
    from include.actions.config import load_outbox_config

    check_channels(load_reports_config(), load_outbox_config())


def test_contrast_is_that_of_the_standard() -> None:
    # WCAG 2.2: black on white is 21, and the well-known grey #767676 is the lightest that reaches 4.5
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") >= 4.5 > contrast("#777777", "#ffffff")
