"""Finding customers, and showing one: what is typed in many ways, foreign names, and text that bends a terminal."""

import json
from collections.abc import Iterator
from pathlib import Path

import orjson
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from include.cli import app
from include.customers.screen import customer_screen, hits_text, screen_text
from include.customers.search import search
from include.local import services
from include.warehouse.connection import Warehouse
from tests.conftest import Databases
from tests.sql.test_customer_marts import build, company, person, version
from tests.sql.test_report_figures import at, put

BENT = "\x1b[31mRed\u202e\r\nAlert [bold]x[/bold] \x07"


@pytest.fixture(scope="module")
def warehouse(embedded: Databases) -> Warehouse:
    """Five customers: c1 has two records and was c9 before; c5 is of the company o1, as c2 is."""
    warehouse = embedded.warehouse()
    with warehouse.connect() as connection:
        company(
            connection, "o1", name="Brückner Werke GmbH", domain="brueckner.example", industry="Machines", city="Ulm"
        )
        person(connection, "c1", "crm:1", "desk:77", full_name="Jürgen Müller", email="j.mueller@post.example",
               phone="+442071838750", country="DE")  # fmt: skip
        person(connection, "c2", "crm:2", full_name="王小明", company_id="o1")
        person(connection, "c3", "crm:3", full_name="Siobhán O'Brien", email="info@obrien.example")
        person(connection, "c4", "crm:4", full_name="Lee Müllerson")
        person(connection, "c5", "crm:5", full_name=BENT, email="info@obrien.example", company_id="o1")
        version(connection, "1", "11-01", full_name="Jürgen Müller", email="J.Mueller@gmail.com", phone="+442071838750")
        version(
            connection, "1", "11-05", full_name="Jürgen Müller", email="j.mueller@post.example", phone="+442071838750"
        )
        version(connection, "77", "11-02", source="desk", full_name="J. Mueller", email="jm@desk.example")
        version(connection, "2", "11-01", full_name="王小明")
        version(connection, "3", "11-01", full_name="Siobhán O'Brien", email="info@obrien.example")
        version(connection, "4", "11-01", full_name="Lee Müllerson")
        version(connection, "5", "11-01", full_name=BENT, email="info@obrien.example")
        matching = {"1": {"given_key": "jurgen", "family_key": "muller", "email_key": "j.mueller@post.example"},
                    "2": {"given_key": "xiaoming", "family_key": "wang"}}  # fmt: skip
        for key, keys in matching.items():
            put(connection, "core.identity_record", {}, {
                "kind": "person", "record_id": f"crm:{key}", "source": "crm", "record_key": key, "is_deleted": False,
                "matching": orjson.dumps(keys).decode(),
            })  # fmt: skip
        put(connection, "core.identity_alias", {"kind": "person"},
            *({"canonical_id": f"c{key}", "record_id": f"crm:{key}"} for key in range(1, 6)),
            {"canonical_id": "c9", "record_id": "desk:77"})  # fmt: skip
        put(
            connection,
            "core.company_link",
            {},
            {"source": "crm", "record_key": "A", "record_id": "crm:A", "company_id": "o1"},
        )
        put(connection, "core.identity_alias", {"kind": "organisation"}, {"canonical_id": "o1", "record_id": "crm:A"})
        put(connection, "core.customer_change", {"kind": "person", "change": "merged"}, {
            "canonical_id": "c1", "other_id": "c9", "record_id": "desk:77", "reason": "names agree",
        })  # fmt: skip
        order = {"source": "crm", "line_no": 1, "ordered_at": at("11-03"), "customer_key": "1", "currency": "USD"}
        put(connection, "core.fct_order_line", order, {"order_id": "o-1", "amount": 1234.5})
        build(warehouse, connection)
    return warehouse


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    with warehouse.connect() as opened:
        yield opened


@pytest.mark.parametrize(
    ("text", "found", "reason"),
    [
        # ids: of today, of before, in capitals; records with their source and without
        ("c1", ["c1"], "id c1"),
        (" C9 ", ["c1"], "id c9"),
        ("desk:77", ["c1"], "record desk:77"),
        ("77", ["c1"], "record desk:77"),
        # addresses: whatever the case, of before, the spellings of one mailbox
        ("JM@DESK.example", ["c1"], "e-mail jm@desk.example"),
        ("mailto:j.mueller@gmail.com", ["c1"], "e-mail j.mueller@gmail.com"),
        ("j.mueller+news@post.example", ["c1"], "e-mail j.mueller@post.example"),
        # numbers: with the country and without, a part of them
        ("+44 (0)20 7183-8750", ["c1"], "telephone +442071838750"),
        ("0044 20 7183 8750", ["c1"], "telephone +442071838750"),
        ("020 7183 8750", ["c1"], "telephone +442071838750"),
        ("83 8750", ["c1"], "telephone +442071838750"),
        # names: in any order and spelling, by their beginnings, nearly
        ("müller jürgen", ["c1"], "name Jürgen Müller"),
        ("Juergen Mueller", ["c1"], "name Jürgen Müller"),
        ("JURGEN", ["c1"], "name Jürgen Müller"),
        ("siob obr", ["c3"], "name Siobhán O'Brien"),
        ("Siobhan O’Brien", ["c3"], "name Siobhán O'Brien"),
        ("Jürgen Mülelr", ["c1"], "name Jürgen Müller"),
        ("王小明", ["c2"], "name 王小明"),
        ("小明", ["c2"], "name 王小明"),
        ("Wang Xiaoming", ["c2"], "name 王小明"),
    ],
)  # fmt: skip
def test_a_customer_is_found(connection: psycopg.Connection, text: str, found: list[str], reason: str) -> None:
    hits = search(connection, text)
    assert [hit.customer_id for hit in hits] == found
    assert reason in hits[0].reasons


def test_several_are_found_the_likeliest_first(connection: psycopg.Connection) -> None:
    # the word as a whole comes before the beginning of another
    assert [hit.customer_id for hit in search(connection, "muller")] == ["c1"]
    assert [hit.customer_id for hit in search(connection, "mull")] == ["c1", "c4"]
    # a mailbox that several read; a company by its id, any record of it, its name and its domain
    assert {hit.customer_id for hit in search(connection, "info@obrien.example")} == {"c3", "c5"}
    for text in ("o1", "crm:A", "Brückner", "bruckner werke", "brueckner.example"):
        assert {hit.customer_id for hit in search(connection, text)} == {"c2", "c5"}, text
    assert [hit.is_exact for hit in search(connection, "o1")] == [True, True]
    assert [hit.customer_id for hit in search(connection, "王 brückner")] == ["c2"]  # Wang
    assert [hit.customer_id for hit in search(connection, "王小明 brückner")] == ["c2"]
    assert len(search(connection, "info@obrien.example", 1)) == 1


@pytest.mark.parametrize(
    "text", ["", "  ", "\x00", "%", "_", "% %", "\\", "'; drop table x; --", "zzzzqqq", "()", "+", "c0"]
)
def test_what_is_nobody_finds_nobody(connection: psycopg.Connection, text: str) -> None:
    assert search(connection, text) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60))
def test_any_text_can_be_searched_for(connection: psycopg.Connection, text: str) -> None:
    assert all(hit.reasons for hit in search(connection, text, 3))


def test_naughty_strings_can_be_searched_for(connection: psycopg.Connection, real_data: Path) -> None:
    for text in json.loads((real_data / "naughty_strings" / "blns.json").read_text("utf-8")):
        assert all(hit.reasons for hit in search(connection, text, 3))


def test_a_customer_fits_one_screen(connection: psycopg.Connection) -> None:
    screen = customer_screen(connection, "c1")
    assert screen and customer_screen(connection, "c9") is None
    text = screen_text(screen)
    assert text.splitlines()[0] == "Jürgen Müller  c1"
    assert "  name         Jürgen Müller                            of crm:1" not in text  # it is the heading
    for line in (
        "  e-mail       j.mueller@post.example",
        "2 records",
        "  crm:1  2026-11-05  Jürgen Müller, j.mueller@post.example, +442071838750",
        "1 order for 1,234.50 USD",
        "  2026-11-03  o-1  1,234.50 USD",
        "merged  desk:77: c9 → c1, names agree",
    ):
        assert line in text
    other = customer_screen(connection, "c2")
    assert other and "  city         Ulm                                      of the company o1" in screen_text(other)


def test_foreign_text_is_shown_as_text(connection: psycopg.Connection) -> None:
    screen = customer_screen(connection, "c5")
    assert screen
    for text in (screen_text(screen), hits_text(search(connection, "o1"))):
        assert "[31mRed Alert [bold]x[/bold]" in text
        assert not set("\x1b\u202e\r\x07") & set(text)


def test_the_command_shows_one_and_lists_several(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "warehouse", lambda: warehouse)
    one = CliRunner().invoke(app, ["customer", "juergen mueller"])
    assert one.exit_code == 0 and one.stdout.startswith("Jürgen Müller  c1\n")
    several = CliRunner().invoke(app, ["customer", "o1", "--most", "5"])
    assert several.exit_code == 0 and several.stdout.count("company id o1") == 2
    told = json.loads(CliRunner().invoke(app, ["customer", "c1", "--json"]).stdout)
    assert told["hits"][0]["reasons"] == ["id c1"] and told["customer"]["customer"]["order_amount"] == 1234.5
    nobody = CliRunner().invoke(app, ["customer", "[/nobody]"])
    assert nobody.exit_code == 1 and "[/nobody]" in nobody.output
