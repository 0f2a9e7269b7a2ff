"""The sources' YAML: what is accepted, and what an error says."""

from datetime import timedelta
from pathlib import Path

import pytest

from include.sources.config import ConfigError, load_source, load_sources

GOOD = """
name: shop
description: A shop.
kind: rest
connection: shop
enabled: true
schedule: "0 2 * * *"
entities:
  deals:
    feeds: deal
    id: [id, line]
    version_at: null
    rest:
      request: {path: "/deals", params: {since: "{window_start_s}"}}
      records: results
"""


HOOKS = """
keep_raw: 400d
hooks:
  kind: signed
  entities:
    deals: {records: deals}
"""


def load(folder: Path, text: str) -> str:
    (folder / "shop.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_source("shop", folder)
    assert str(folder / "shop.yaml") in str(caught.value)
    return str(caught.value)


def test_a_good_file(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(GOOD)
    entity = load_source("shop", tmp_path).entities["deals"]
    assert (entity.name, entity.feeds, entity.id, entity.version_at) == ("deals", "deal", ("id", "line"), None)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("kind: rest", "kind: soap", "kind: Input should be 'rest', 'web', 'files' or 'database', found 'soap'"),
        ("name: shop", "name: store", "name: expected 'shop', the file's own name, found 'store'"),
        ("enabled: true", "enabled: true\ncolour: red", "colour: Extra inputs are not permitted"),
        ("feeds: deal", "feeds: deals", "entities.deals.feeds: Input should be 'customer'"),
        ('schedule: "0 2 * * *"', "", "schedule: a source that is switched on needs one"),
        ('"0 2 * * *"', '"0 2 * * * * *"', "schedule: '0 2 * * * * *' is not a cron line"),
        ('"0 2 * * *"', '"99 2 * * *"', "schedule: '99 2 * * *' is not a cron line"),
        ("kind: rest", "kind: files", "entities.deals: a source of kind files needs files:"),
        ("{window_start_s}", "{window_strat_s}", "request: no placeholder window_strat_s; there are window_end_day"),
        ("{window_start_s}", "2026", "bound it by the window"),
        ('"/deals"', '"/deals/{parent.id}"', "parents: goes with a {parent.…} in request.path, and only with it"),
        (
            "records: results",
            "records: a\n      parents: {request: {path: /x}, records: b, snapshot: true}",
            "parents:",
        ),
        ("records: results", "records: results\n      paging: {kind: magic}", "entities.deals.rest.paging"),
        ("records: results", "records: a\n      records: b", "shop.yaml:15: the key 'records' is there twice"),
        ("kind: rest", "kind: [", "shop.yaml:"),
        ("kind: rest", "kind: rest\nauth: {kind: header}", "auth.header.name: Field required"),
    ],
)
def test_an_error_names_file_key_and_what_was_expected(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    assert says in load(tmp_path, GOOD.replace(old, new, 1))


def test_keys_of_entities_that_feed_one_table_stay_apart(tmp_path: Path) -> None:
    more = GOOD.partition("entities:\n")[2].replace("deals:", "offers:", 1)
    says = "entities: deals, offers feed deal, where a record is known by its key alone: give each id_starts"
    assert says in load(tmp_path, GOOD + more)

    def starting(first: str, second: str) -> str:
        one, other = (f"feeds: deal\n    id_starts: {start!r}" for start in (first, second))
        return GOOD.replace("feeds: deal", one) + more.replace("feeds: deal", other)

    # 003 is the start of 0031, so a key may be of both
    for pair in (("003", "003"), ("003", "0031"), ("0031", "003")):
        assert says in load(tmp_path, starting(*pair))
    (tmp_path / "shop.yaml").write_text(starting("003", "00Q"))
    assert [entity.id_starts for entity in load_source("shop", tmp_path).entities.values()] == ["003", "00Q"]
    # an activity is known by its type, too
    (tmp_path / "shop.yaml").write_text((GOOD + more).replace("feeds: deal", "feeds: activity"))
    assert len(load_source("shop", tmp_path).entities) == 2


def test_every_problem_of_every_file_is_told(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("name: x")
    with pytest.raises(ConfigError, match=r"(?s)a\.yaml: description: Field required.*b\.yaml: description"):
        load_sources(tmp_path)


def test_a_source_that_is_not_there_lists_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(GOOD)
    with pytest.raises(ConfigError, match="no source named 'crm'; there are: shop"):
        load_source("crm", tmp_path)


def test_the_sources_that_come_with_the_project_are_good() -> None:
    sources = load_sources()
    assert [name for name, source in sources.items() if not source.enabled] == [
        "ecb_rates", "helpdesk_log", "hubspot", "maven_crm", "salesforce", "zendesk",
    ]  # fmt: skip
    assert all(entity.name == name for source in sources.values() for name, entity in source.entities.items())


def test_hooks_and_retention(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(GOOD + HOOKS)
    source = load_source("shop", tmp_path)
    assert source.hooks and source.hooks.entities["deals"].records == "deals"
    assert source.keep_raw == timedelta(days=400)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("400d", "a year", "keep_raw: is a number with s, m, h or d"),
        ("400d", "0d", "keep_raw: "),
        (
            "kind: signed",
            "kind: github",
            "hooks.kind: Input should be 'hubspot', 'zendesk' or 'signed', found 'github'",
        ),
        ("deals: {", "orders: {", "hooks.entities.orders: no entity of this source; it has deals"),
        ("{records: deals}", "{}", "hooks.entities.deals: give records: (the event has them whole), or id: and fetch:"),
        ("{records: deals}", "{id: x}", "hooks.entities.deals: give records:"),
        (
            "{records: deals}",
            "{id: x, fetch: [{request: {path: /deals}, batch: 10, records: a}]}",
            "hooks.entities.deals.fetch.0: request: takes one of the placeholders {ids} and {inputs}, and no other",
        ),
        (
            "{records: deals}",
            '{id: x, fetch: [{request: {path: "/deals/{ids}"}, batch: 10, records: a}]}',
            "hooks.entities.deals.fetch.0: request.path: {ids} and {inputs} go into params or body",
        ),
    ],
)
def test_an_error_in_hooks_says_what_was_expected(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert says in load(tmp_path, GOOD + HOOKS.replace(old, new))


def test_only_an_api_can_be_asked_for_records(tmp_path: Path) -> None:
    text = (GOOD + HOOKS).replace("kind: rest", "kind: files")
    text = text.replace('    rest:\n      request: {path: "/deals", params: {since: "{window_start_s}"}}\n', "")
    text = text.replace("      records: results\n", "    files: {pattern: '*.csv', columns: [id]}\n")
    text = text.replace(
        "{records: deals}", '{id: x, fetch: [{request: {path: /a, params: {i: "{ids}"}}, batch: 1, records: a}]}'
    )
    assert "hooks.entities.deals.fetch: only a source of kind rest can be asked" in load(tmp_path, text)


TABLE = """
name: shop
description: A shop.
kind: database
connection: shop
enabled: false
lateness: 2h
entities:
  deals:
    feeds: deal
    id: [id, line]
    version_at: changed
    sweep: {every_days: 7}
    database: {table: shop.deals, changed_at: changed}
"""


def test_a_good_file_of_a_database(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(TABLE)
    source = load_source("shop", tmp_path)
    database, sweep = source.entities["deals"].database, source.entities["deals"].sweep
    assert database and (database.table, database.changed_at, database.full) == ("shop.deals", "changed", False)
    assert sweep and (sweep.every_days, sweep.max_gone) == (7, 0.5)
    assert source.lateness.total_seconds() == 7_200


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("table: shop.deals", "table: a, query: select 1", "database: give table: or query:, one of them"),
        ("table: shop.deals, ", "", "database: give table: or query:, one of them"),
        (
            ", changed_at: changed",
            "",
            "bound it by the window in one way: changed_at, {window_start} in the query, or full",
        ),
        ("changed_at: changed", "changed_at: changed, full: true", "bound it by the window in one way"),
        (
            "table: shop.deals, changed_at: changed",
            'query: "select * from deals where at >= {window_strat}"',
            "query: no placeholder window_strat; there are window_end, window_end_day",
        ),
        (
            "table: shop.deals, changed_at: changed",
            'query: "select * from deals where at >= {window_start}"',
            "sweep: needs a table, or a query without placeholders",
        ),
        ("changed_at: changed", "changed_at: changed, timezone: Mars/Olympus", "database.timezone"),
        ("version_at: changed", "version_at: null", "version_at: name the column of changed_at"),
        ("every_days: 7", "every_days: 0", "sweep.every_days: Input should be greater than 0"),
        ("every_days: 7", "every_days: 7, max_gone: 50", "sweep.max_gone: Input should be less than or equal to 1"),
        ("every_days: 7", "every_days: 7, rest: {request: {path: /all}, records: a}", "sweep: needs rest:"),
        ("lateness: 2h", "lateness: 2 hours", "lateness: is a number with s, m, h or d: 90s, 30m, 2h, 1d"),
    ],
)
def test_an_error_in_a_database_names_the_key(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in TABLE
    assert says in load(tmp_path, TABLE.replace(old, new, 1))


@pytest.mark.parametrize(
    ("sweep", "says"),
    [
        ("{every_days: 7}", "sweep: needs rest:, the whole list, for an API"),
        (
            '{every_days: 7, rest: {request: {path: /all, params: {since: "{window_start_s}"}}, records: a}}',
            "sweep: rest: compares the whole list",
        ),
        ("{every_days: 7, rest: {request: {path: /all}, records: a, within: b}}", "compares the whole list"),
        (
            "{every_days: 7, rest: {request: {path: /all}, records: a},"
            ' fetch: {request: {path: /some, params: {i: "{id}"}}, batch: 9, records: a}}',
            "sweep.fetch: request: takes one of the placeholders {ids} and {inputs}",
        ),
        (
            "{every_days: 7, rest: {request: {path: /all}, records: a},"
            ' fetch: {request: {path: /some, params: {i: "{ids}"}}, batch: 9, records: a}}',
            "sweep.fetch: goes by one id",
        ),
    ],
)
def test_an_error_in_a_comparison_names_the_key(tmp_path: Path, sweep: str, says: str) -> None:
    text = GOOD.replace("version_at: null", f"version_at: null\n    sweep: {sweep}")
    assert says in load(tmp_path, text)
