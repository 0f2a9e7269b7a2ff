"""Landing and staging against a real server: the two equations, again the same, and bad input of every kind."""

import pytest
from psycopg import errors

from include.sources.config import load_source
from include.sources.errors import SourceError
from include.sources.page import Page, Unreadable
from include.warehouse.connection import Warehouse
from include.warehouse.copy_lines import version_time
from include.warehouse.landing import land
from include.warehouse.staging import RulesStoppedError, replay, stage
from include.window import Window
from tests.deliveries import Delivery, load, page, page_of_texts, rows

DAY = Window.day("2026-11-02")
NEXT = Window.day("2026-11-03")


def contact(key: str, **properties: str | None) -> dict:
    """A contact as the CRM gives it."""
    known = {"lastmodifieddate": "2026-11-02T10:00:00Z", "firstname": "Ada", "email": f"{key}@example.com"}
    return {"id": key, "properties": known | properties, "archived": False}


def contacts(*pages: Page, window: Window = DAY) -> Delivery:
    return Delivery("sandbox_crm", "contacts", window, pages)


def test_both_equations_hold_and_again_adds_nothing(warehouse: Warehouse) -> None:
    delivery = contacts(page(contact("1"), contact("2"), contact("2"), contact("3", email="no address")))
    landed, staged = load(warehouse, delivery)
    # 4 received: contact 2 came twice, and an address without @ breaks a critical rule
    assert (landed.received, landed.inserted, landed.unchanged, landed.unreadable) == (4, 3, 1, 0)
    assert (staged.validated, staged.staged, staged.quarantined) == (3, 2, 1)
    again, nothing = load(warehouse, delivery)
    assert (again.received, again.inserted, again.unchanged) == (4, 0, 4)
    assert (nothing.validated, nothing.staged, nothing.quarantined) == (0, 0, 0)
    assert rows(warehouse, "select source_id, rules, load_id from ops.quarantine") == [("3", ["email__match_regex"], 1)]


def test_the_database_refuses_books_that_do_not_add_up(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection, pytest.raises(errors.CheckViolation, match="load_received_adds_up"):
        connection.execute(
            "insert into ops.load (source, entity, kind, window_start, window_end, received, inserted, unchanged,"
            " unreadable) values ('s', 'e', 'pull', now(), now(), 3, 1, 1, 0)"
        )
    with warehouse.connect() as connection, pytest.raises(errors.CheckViolation, match="load_validated_adds_up"):
        connection.execute(
            "insert into ops.load (source, entity, kind, window_start, window_end, validated, staged, quarantined)"
            " values ('s', 'e', 'replay', now(), now(), 3, 1, 1)"
        )


def test_a_then_b_then_a_is_three_versions_and_key_order_is_none(warehouse: Warehouse) -> None:
    first = contact("1", firstname="Ada", lastmodifieddate="2026-11-02T01:00:00Z")
    second = contact("1", firstname="Bea", lastmodifieddate="2026-11-02T02:00:00Z")
    third = contact("1", firstname="Ada", lastmodifieddate="2026-11-02T03:00:00Z")
    turned = {key: third[key] for key in reversed(third)}
    landed, _ = load(warehouse, contacts(page(first, second, third, turned)))
    assert (landed.inserted, landed.unchanged) == (3, 1)
    assert rows(warehouse, "select full_name from staging.sandbox_crm__contacts order by version_at") == [
        ("Ada",), ("Bea",), ("Ada",),
    ]  # fmt: skip


def test_what_sql_cannot_hold_is_quarantined_as_it_came(warehouse: Warehouse) -> None:
    nul = b'{"id": "1", "properties": {"lastmodifieddate": "2026-11-02T10:00:00Z", "firstname": "A\\u0000da"}}'
    lone = b'{"id": "2", "properties": {"lastmodifieddate": "2026-11-02T10:00:00Z", "firstname": "\\ud800"}}'
    twice = (
        b'{"id": "3", "properties": {"lastmodifieddate": "2026-11-02T10:00:00Z", "email": "a@b.co", "email": "c@d.co"}}'
    )
    spelt = b'{"id": "4", "properties": {"lastmodifieddate": "2026-11-02T10:00:00Z", "firstname": "\\\\u0000"}}'
    landed, staged = load(warehouse, contacts(page_of_texts(nul, lone, twice, spelt)))
    assert (landed.received, landed.inserted) == (4, 4)
    assert (staged.validated, staged.staged, staged.quarantined) == (4, 1, 3)
    found = rows(warehouse, "select source_id, stage, rules, payload from ops.quarantine order by source_id")
    assert found == [
        ("1", "read", ["nul_character"], nul.decode()),
        ("2", "read", ["lone_surrogate"], lone.decode()),
        ("3", "read", ["repeated_key"], twice.decode()),
    ]
    # the six characters backslash-u-0000 in a name are just a name
    assert rows(warehouse, "select full_name from staging.sandbox_crm__contacts") == [("\\u0000",)]


def test_records_without_a_key_or_a_version_are_unreadable_and_kept(warehouse: Warehouse) -> None:
    nameless = contact("")
    when = contact("7", lastmodifieddate="next Tuesday")
    listed = {"id": ["1"], "properties": {}}
    broken = Unreadable("{cut", "not_json", "page 1")
    pages = (page(contact("1"), nameless, when, listed), Page([], [], [broken], "page 2"))
    landed, staged = load(warehouse, contacts(*pages))
    assert (landed.received, landed.inserted, landed.unreadable) == (5, 1, 4)
    assert (staged.validated, staged.staged) == (1, 1)
    found = rows(warehouse, "select rules[1], count(*) from ops.quarantine where stage = 'read' group by 1 order by 1")
    assert found == [("bad_version_time", 1), ("no_id", 2), ("not_json", 1)]
    again, _ = load(warehouse, contacts(*pages))
    assert again.unreadable == 4
    assert rows(warehouse, "select count(*) from ops.quarantine") == [(4,)]


def test_a_huge_record_is_unreadable_and_its_neighbours_are_loaded(warehouse: Warehouse) -> None:
    huge = contact("2", firstname="x" * 100_000_000)
    landed, staged = load(warehouse, contacts(page(contact("1"), huge, contact("3"))))
    assert (landed.inserted, landed.unreadable, staged.staged) == (2, 1, 2)
    assert rows(warehouse, "select rules, length(payload) from ops.quarantine") == [(["record_too_large"], 1000)]


def test_a_wrong_type_is_quarantined_with_its_column(warehouse: Warehouse) -> None:
    def deal(key: str, **properties: str) -> dict:
        known = {
            "hs_lastmodifieddate": "2026-11-02T10:00:00Z",
            "dealstage": "new",
            "createdate": "2026-11-01T00:00:00Z",
        }
        return {"id": key, "properties": {"dealname": "D"} | known | properties}

    bad = deal("2", amount="lots", closedate="42")
    endless = deal("4", amount="NaN", closedate="infinity")
    clock = deal("5", closedate="Yesterday")
    good = deal("1", amount="10.50")
    delivery = Delivery("sandbox_crm", "deals", DAY, (page(good, bad, deal("3", amount="-1"), endless, clock),))
    _, staged = load(warehouse, delivery)
    assert (staged.staged, staged.quarantined) == (1, 4)
    found = rows(warehouse, "select source_id, stage, rules, detail from ops.quarantine order by source_id")
    assert found == [
        ("2", "types", ["amount__is_numeric", "closed_at__is_timestamp"], "42; lots"),
        ("3", "rules", ["amount__be_between"], None),
        ("4", "types", ["amount__is_numeric", "closed_at__is_timestamp"], "NaN; infinity"),
        ("5", "types", ["closed_at__is_timestamp"], "Yesterday"),
    ]


def test_records_of_another_shape_do_not_hold_up_the_others(warehouse: Warehouse) -> None:
    listed = {"id": "2", "properties": ["not", "an", "object"], "archived": False}
    late = {"id": "3", "properties": {"hs_lastmodifieddate": "2026-11-02T10:00:00Z"}, "companies": {"an": "object"}}
    good = {"id": "1", "properties": {"hs_lastmodifieddate": "2026-11-02T10:00:00Z", "dealstage": "new",
            "createdate": "2026-11-01T00:00:00Z", "amount": "1"}, "history": {"dealstage": []}}  # fmt: skip
    odd = {**good, "id": "4", "history": {"dealstage": {"an": "object"}}}
    _, staged = load(warehouse, Delivery("sandbox_crm", "deals", DAY, (page(listed, late, good, odd),)))
    assert (staged.validated, staged.staged) == (4, 1)
    found = rows(warehouse, "select source_id, rules from ops.quarantine order by source_id")
    assert ("4", ["record__has_another_shape"]) in found and [key for key, _ in found] == ["2", "3", "4"]


def test_every_broken_rule_of_a_row_is_named(warehouse: Warehouse) -> None:
    line = {"order_id": "1", "line": "1", "ordered_at": "2026-11-02T10:00:00Z", "customer_email": "nobody",
            "quantity": "1", "unit_price": "-5", "currency": "euro"}  # fmt: skip
    load(warehouse, Delivery("sandbox_orders", "orders", DAY, (page(line),)))
    assert rows(warehouse, "select rules from ops.quarantine") == [
        (["currency__match_regex", "customer_email__match_regex", "unit_price__be_between"],)
    ]


def test_a_record_without_updated_at_is_a_version_of_the_day_it_was_seen(warehouse: Warehouse) -> None:
    person = {"url": "https://example.com/ada", "name": "Ada", "email": "ada@example.com"}
    for window in (DAY, NEXT, DAY):
        load(warehouse, Delivery("sandbox_site", "people", window, (page(person),)))
    seen = rows(warehouse, "select version_at::date::text from raw.sandbox_site__people order by 1")
    assert seen == [("2026-11-02",), ("2026-11-03",)]


def test_a_source_that_breaks_off_leaves_raw_as_it_was(warehouse: Warehouse) -> None:
    def pages():
        yield page(contact("1"))
        raise SourceError("sandbox_crm", "contacts", DAY, "/crm/v3", "it answered 500 five times", "Try again later.")

    source = load_source("sandbox_crm")
    with pytest.raises(SourceError, match="answered 500"):
        land(warehouse, source, source.entities["contacts"], DAY, pages())
    assert rows(warehouse, "select count(*) from raw.sandbox_crm__contacts") == [(0,)]
    state, detail = rows(warehouse, "select state, detail from ops.load")[0]
    assert state == "failed" and "answered 500 five times" in detail
    # the next run of the window is as good as a first one
    landed, staged = load(warehouse, contacts(page(contact("1"))))
    assert (landed.inserted, staged.staged) == (1, 1)


def test_a_critical_table_rule_stops_its_load_only(warehouse: Warehouse, tmp_path, monkeypatch) -> None:
    suite = '{"name": "sandbox_crm__contacts", "expectations": [{"type": "expect_table_row_count_to_be_between",'
    (tmp_path / "sandbox_crm__contacts.json").write_text(
        suite + ' "kwargs": {"max_value": 2}, "severity": "critical"}]}'
    )
    monkeypatch.setattr("include.warehouse.staging.EXPECTATIONS", tmp_path)
    with pytest.raises(RulesStoppedError, match=r"sandbox_crm__contacts, load 1: .*Nothing of it was staged"):
        load(warehouse, contacts(page(*(contact(str(n)) for n in range(3)))))
    _, other = load(warehouse, contacts(page(contact("9", lastmodifieddate="2026-11-03T10:00:00Z")), window=NEXT))
    assert (other.loads, other.staged) == (1, 1)
    assert rows(warehouse, "select state from ops.load order by load_id") == [("stopped",), ("staged",)]
    (tmp_path / "sandbox_crm__contacts.json").write_text(
        suite + ' "kwargs": {"max_value": 5}, "severity": "critical"}]}'
    )
    _, mended = load(warehouse, contacts(page(*(contact(str(n)) for n in range(3)))))
    assert mended.staged == 3


def test_quarantined_rows_can_be_replayed_when_the_rule_was_wrong(warehouse: Warehouse, tmp_path, monkeypatch) -> None:
    load(warehouse, contacts(page(contact("1", email="intranet-only"), contact("2", email="a b@c"), contact("3"))))
    assert rows(warehouse, "select count(*) from ops.quarantine where state = 'open'") == [(2,)]
    source = load_source("sandbox_crm")
    unchanged = replay(warehouse, source, source.entities["contacts"], NEXT)
    assert (unchanged.validated, unchanged.staged, unchanged.quarantined) == (2, 0, 2)
    (tmp_path / "sandbox_crm__contacts.json").write_text(
        '{"name": "sandbox_crm__contacts", "expectations": [{"type": "expect_column_values_to_not_match_regex",'
        ' "kwargs": {"column": "email", "regex": " "}, "severity": "critical"}]}'
    )
    monkeypatch.setattr("include.warehouse.staging.EXPECTATIONS", tmp_path)
    replayed = replay(warehouse, source, source.entities["contacts"], NEXT)
    assert (replayed.validated, replayed.staged, replayed.quarantined) == (2, 1, 1)
    assert rows(warehouse, "select source_id, state, rules from ops.quarantine order by 1") == [
        ("1", "replayed", ["email__match_regex"]),
        ("2", "open", ["email__not_match_regex"]),
    ]


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ("2026-11-02T10:00:00Z", "2026-11-02T10:00:00+00:00"),
        ("2026-11-02T08Z", "2026-11-02T08:00:00+00:00"),
        ("2026-11-02T10:00:00+23:00", "2026-11-01T11:00:00+00:00"),
        ("2026-11-02 10:00:00", "2026-11-02T10:00:00+00:00"),
        ("2026-11-02", "2026-11-02T00:00:00+00:00"),
        (1793613600, "2026-11-02T10:00:00+00:00"),
        (1793613600000, "2026-11-02T10:00:00+00:00"),
        ("1793613600000", "2026-11-02T10:00:00+00:00"),
        (None, None),
    ],
)
def test_version_times(given, means) -> None:
    # 1793613600 s after 1970 is 2026-11-02 10:00:00 UTC: `date -u -d @1793613600`
    assert version_time(given) == means


def test_staged_rows_of_a_killed_process_are_taken_over(warehouse: Warehouse) -> None:
    source = load_source("sandbox_crm")
    entity = source.entities["contacts"]
    land(warehouse, source, entity, DAY, [page(contact("1"))])  # and then the process died
    landed, staged = load(warehouse, contacts(page(contact("1"))))
    assert (landed.unchanged, staged.loads, staged.staged) == (1, 2, 1)
    assert stage(warehouse, source, entity, DAY).loads == 0
