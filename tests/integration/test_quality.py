"""Suites, what Great Expectations finds with them in a real PostgreSQL, and the pages made of it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from include.quality.docs import StoredValidation, build_docs
from include.quality.expectations import RuleResult, Validation, WarehouseAwayError, validate
from include.quality.suites import QualityError, all_suites, load_suite
from include.settings import PROJECT
from include.warehouse.connection import Warehouse
from tests.conftest import Databases

VALUES = "expect_column_values_to_"
TABLE = "batch__crm__contacts"


@pytest.fixture(scope="module")
def warehouse(databases: Databases) -> Warehouse:
    """An empty warehouse on each server."""
    return databases.warehouse()


@pytest.fixture(scope="module")
def contacts(warehouse: Warehouse) -> Warehouse:
    """Seven contacts; every text of theirs that could be somebody's holds the letters zqx."""
    with warehouse.connect(autocommit=True) as connection:
        connection.execute(
            "create unlogged table ops.batch__crm__contacts ("
            "row_number bigint unique not null, email text, family text, city text,"
            " age int, joined date, seen timestamptz, code text)"
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into ops.batch__crm__contacts values (%s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    (1, "zqx1@a.org", "zqx O'Brien", "zqx Cork", 30, "2026-01-01", "2026-01-01T10:00Z", "50%"),
                    (2, "zqx2@a.org", "zqx Li", "zqx Cork", 17, "2026-01-02", "2026-01-02T10:00Z", "a_b"),
                    (3, "zqx.nowhere", "zqx Li", "zqx Bern", 41, "2026-01-03", "2026-01-03T10:00Z", "c\\d"),
                    (4, None, "zqx Li", "zqx Bern", 130, "2026-01-04", "2026-01-03T23:30Z", None),
                    (5, "zqx1@a.org", "zqx Roy", "zqx Rome", 12, "2026-01-05", "2026-01-05T10:00Z", "x"),
                    (6, None, "zqx Roy", None, None, "2026-01-06", None, "x"),
                    (7, "zqx7@a.org", None, None, 55, None, "2026-01-07T10:00Z", "x"),
                ],
            )
    return warehouse


def rule(expectation: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": expectation, "kwargs": kwargs}


def run(warehouse: Warehouse, folder: Path, *rules: dict[str, Any], table: str = TABLE) -> Validation:
    path = folder / "crm__contacts.json"
    path.write_text(json.dumps({"name": "crm__contacts", "expectations": rules}))
    return validate(warehouse.sqlalchemy_url, "ops", table, load_suite(path))


def failing_rows(warehouse: Warehouse, result: RuleResult) -> list[int]:
    """The rows as a load would quarantine them: inserted by the server, which refuses a row named twice."""
    if result.failing_rows_sql is None:
        return []
    with warehouse.connect() as connection:
        connection.execute("create temporary table quarantined (row_number bigint primary key) on commit drop")
        insert = sql.SQL("insert into quarantined select row_number from ({}) as failing")
        connection.execute(insert.format(sql.SQL(result.failing_rows_sql)))
        return [row[0] for row in connection.execute("select row_number from quarantined order by 1")]


# Each expected list is read off the seven rows above; a null passes every rule that is not about nulls.
ROW_RULES = [
    (rule(VALUES + "match_regex", column="email", regex=r"^[^@\s]+@\w+\.org$"), [3]),
    (rule(VALUES + "not_be_null", column="email"), [4, 6]),
    (rule(VALUES + "be_unique", column="email"), [1, 5]),
    (
        rule(
            VALUES + "be_unique", column="city", row_condition='col("age") > 20', condition_parser="great_expectations"
        ),
        [3, 4],
    ),
    (rule(VALUES + "not_be_in_set", column="family", value_set=["zqx O'Brien"]), [1]),
    (rule(VALUES + "not_match_regex", column="family", regex="O'B|\u200b"), [1]),
    (rule(VALUES + "not_match_like_pattern", column="code", like_pattern="%\\%"), [1]),
    (rule(VALUES + "not_be_in_set", column="code", value_set=["c\\d", "50%", ":x"]), [1, 3]),
    (rule(VALUES + "be_between", column="age", min_value=18, max_value=120), [2, 4, 5]),
    (
        rule(
            VALUES + "be_between",
            column="age",
            min_value=18,
            max_value=120,
            row_condition={"type": "comparison", "column": {"name": "city"}, "operator": "==", "parameter": "zqx Cork"},
        ),
        [2],
    ),
    (rule(VALUES + "be_between", column="joined", min_value="2026-01-03"), [1, 2]),
    (rule(VALUES + "be_between", column="seen", max_value="2026-01-04T00:00:00+02:00"), [4, 5, 7]),
    (rule("expect_column_value_lengths_to_be_between", column="code", max_value=2), [1, 2, 3]),
    (
        rule(
            "expect_column_pair_values_to_be_equal",
            column_A="email",
            column_B="code",
            ignore_row_if="either_value_is_missing",
        ),
        [1, 2, 3, 5, 7],
    ),
    (
        rule(
            "expect_compound_columns_to_be_unique", column_list=["family", "city"], ignore_row_if="any_value_is_missing"
        ),
        [3, 4],
    ),
    (
        rule(
            "expect_multicolumn_sum_to_equal",
            column_list=["row_number", "age"],
            sum_total=31,
            ignore_row_if="any_value_is_missing",
        ),
        [2, 3, 4, 5, 7],
    ),
    (
        rule(
            "unexpected_rows_expectation",
            unexpected_rows_query="select * from {batch} where family like 'zqx L%' and age < 100;",
        ),
        [2, 3],
    ),
    (
        rule(
            "unexpected_rows_expectation",
            unexpected_rows_query="select b.row_number from {batch} as b join {batch} as a using (family)"
            " where a.row_number <> b.row_number",
        ),
        [2, 3, 4, 5, 6],
    ),
]


def test_every_failing_row_of_a_row_rule_is_named(contacts: Warehouse, tmp_path: Path) -> None:
    rules = [{**given, "meta": {"rule": f"r{number}"}} for number, (given, _) in enumerate(ROW_RULES)]
    validation = run(contacts, tmp_path, *rules)
    assert [result.level for result in validation.results] == ["row"] * len(rules)
    assert [failing_rows(contacts, result) for result in validation.results] == [rows for _, rows in ROW_RULES]
    # The last query returns row 2, 3 and 4 twice each, so the count is of returned rows.
    assert [result.unexpected for result in validation.results[:-1]] == [len(rows) for _, rows in ROW_RULES[:-1]]
    assert validation.results[-1].unexpected == 3 * 2 + 2
    assert [result.rule for result in validation.results] == [f"r{number}" for number in range(len(rules))]


def test_what_a_result_tells(contacts: Warehouse, tmp_path: Path) -> None:
    validation = run(
        contacts,
        tmp_path,
        {**rule(VALUES + "not_be_null", column="email", mostly=0.5), "severity": "warning"},
        rule(VALUES + "match_regex", column="email", regex="zqx"),
        rule("expect_table_row_count_to_be_between", min_value=100),
        rule("expect_column_max_to_be_between", column="joined", max_value="2026-01-03"),
        rule(VALUES + "be_of_type", column="age", type_="INTEGER"),
        rule("unexpected_rows_expectation", unexpected_rows_query="select age from {batch} where age > 100"),
    )
    email, regex, count, newest, kind, query = validation.results
    assert not validation.success
    assert validation.statistics["successful_expectations"] == 3
    # Five of seven have an address, and half was asked for.
    assert (email.rule, email.severity, email.level) == ("email__not_be_null", "warning", "row")
    assert (email.success, email.evaluated, email.unexpected, email.failing_rows_sql) == (True, 7, 2, None)
    assert (regex.rule, regex.severity, regex.success, regex.evaluated) == ("email__match_regex", "critical", True, 5)
    assert (count.level, count.column, count.success, count.observed) == ("table", None, False, "7")
    assert (count.evaluated, count.unexpected, count.failing_rows_sql) == (7, 0, None)
    assert (newest.level, newest.column, newest.success, newest.observed) == ("table", "joined", False, "2026-01-06")
    assert (kind.level, kind.success, kind.observed) == ("table", True, "INTEGER")
    assert (query.level, query.success, query.observed, query.failing_rows_sql) == ("table", False, "1", None)


def test_kept_json_and_pages_hold_no_value_of_a_row(contacts: Warehouse, tmp_path: Path) -> None:
    validation = run(
        contacts,
        tmp_path,
        rule(VALUES + "be_unique", column="email"),
        rule(VALUES + "be_in_set", column="city", value_set=["Oslo"]),
        rule(VALUES + "match_regex", column="family", regex="^none$"),
        rule("expect_compound_columns_to_be_unique", column_list=["family", "city"]),
        rule("expect_column_pair_values_to_be_equal", column_A="email", column_B="family"),
        rule("expect_column_distinct_values_to_be_in_set", column="city", value_set=["Oslo"]),
        rule("expect_column_most_common_value_to_be_in_set", column="family", value_set=["none"]),
        rule("unexpected_rows_expectation", unexpected_rows_query="select * from {batch}"),
    )
    assert not any(result.success for result in validation.results)
    assert "zqx" not in json.dumps(validation.json)
    assert "zqx" not in str([result.observed for result in validation.results])

    build_docs([StoredValidation("crm__contacts", "2026-01-07", "41", validation.json)], tmp_path / "docs")
    pages = {path: path.read_text() for path in (tmp_path / "docs").rglob("*.*")}
    assert sorted(path.suffix for path in pages) == [".css", ".html", ".html", ".html"]
    assert not [path for path, text in pages.items() if "zqx" in text]


def test_pages_need_no_network_and_link_to_each_other(contacts: Warehouse, tmp_path: Path) -> None:
    validation = run(
        contacts, tmp_path, *(given | {"meta": {"rule": f"r{n}"}} for n, (given, _) in enumerate(ROW_RULES))
    )
    stored = json.loads(json.dumps(validation.json))
    days = [StoredValidation("crm__contacts", f"2026-01-0{day}", str(day), stored) for day in (1, 2)]
    index = build_docs(days, tmp_path / "docs")

    assert index == tmp_path / "docs" / "index.html"
    pages = list((tmp_path / "docs").rglob("*.html"))
    assert len(pages) == 1 + 2 + 1  # the index, two results, one suite
    for page in pages:
        text = page.read_text()
        assert "//" not in re.sub(r"<code.*?</code>", "", text)
        assert "<script" not in text
        for link in re.findall(r'(?:href|src)="([^"#]+)"', text):
            assert (page.parent / link).resolve().is_file(), f"{page}: {link}"
    result = (tmp_path / "docs/validations/crm__contacts/2026-01-02/2/result.html").read_text()
    assert "crm__contacts, 2026-01-02, load 2" in result
    assert "must match this regular expression" in result
    # Great Expectations' own sentence of the addresses: two of seven are missing.
    assert "2 unexpected values found. ≈28.57% of 7 total rows." in result
    assert "0 of 18" in index.read_text()


def test_an_empty_batch_meets_its_row_rules(contacts: Warehouse, tmp_path: Path) -> None:
    with contacts.connect() as connection:
        connection.execute("create table ops.batch__empty (like ops.batch__crm__contacts)")
    rules = [{**given, "meta": {"rule": f"r{number}"}} for number, (given, _) in enumerate(ROW_RULES)]
    validation = run(contacts, tmp_path, *rules, table="batch__empty")
    assert {(result.success, result.evaluated, result.unexpected) for result in validation.results} == {(True, 0, 0)}


@pytest.mark.parametrize(
    ("broken", "cause"),
    [
        (rule(VALUES + "match_regex", column="emial", regex="x"), 'column "emial"'),
        (rule(VALUES + "match_regex", column="family", regex="("), "parentheses"),
        (rule(VALUES + "match_regex", column="age", regex="1"), "operator does not exist"),
        (rule(VALUES + "be_between", column="age", min_value=5, max_value=1), "greater than"),
        (rule(VALUES + "be_between", column="age", min_value=1, row_condition="age above 5"), "condition"),
        (rule("unexpected_rows_expectation", unexpected_rows_query="select nope from {batch}"), 'column "nope"'),
        (rule("expect_table_row_count_to_equal_other_table", other_table_name="nope"), '"ops.nope"'),
    ],
)
def test_a_rule_that_cannot_run_is_named(
    contacts: Warehouse, tmp_path: Path, broken: dict[str, Any], cause: str
) -> None:
    good = rule(VALUES + "match_regex", column="email", regex="@")
    with pytest.raises(QualityError) as caught:
        run(
            contacts,
            tmp_path,
            good,
            {**broken, "meta": {"rule": "the_broken_one"}},
            rule(VALUES + "be_unique", column="code"),
        )
    assert str(caught.value).startswith("suite crm__contacts, rule the_broken_one (")
    assert cause in str(caught.value)


def test_a_table_or_server_that_is_not_there_is_said_so(contacts: Warehouse, tmp_path: Path) -> None:
    good = rule(VALUES + "match_regex", column="email", regex="@")
    with pytest.raises(
        QualityError, match=r"suite crm__contacts: ops\.batch__gone cannot be validated: .*does not exist"
    ):
        run(contacts, tmp_path, good, table="batch__gone")
    with pytest.raises(WarehouseAwayError, match="Connection refused") as caught:
        run(Warehouse("postgresql://crm:sesame@127.0.0.1:1/crm"), tmp_path, good)
    assert "sesame" not in str(caught.value)
    with pytest.raises(QualityError, match="small letters"):
        run(contacts, tmp_path, good, table='x"; drop table y')


def test_no_connection_stays_open(contacts: Warehouse, tmp_path: Path) -> None:
    run(contacts, tmp_path, rule(VALUES + "match_regex", column="email", regex="@"))
    with pytest.raises(QualityError):
        run(contacts, tmp_path, rule(VALUES + "match_regex", column="emial", regex="@"))
    with contacts.connect() as connection:
        others = connection.execute(
            "select application_name from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        assert others.fetchall() == []


MILLION = """
import json, sys
from pathlib import Path
from include.quality.expectations import WarehouseAwayError, validate
from include.quality.suites import load_suite
from tests.bench.child import peak_mb

validation = validate(sys.argv[1], "ops", "batch__crm__million", load_suite(Path(sys.argv[2])))
print(json.dumps({
    "megabytes": peak_mb(),
    "results": [[result.unexpected, result.failing_rows_sql] for result in validation.results],
}))
"""


def test_all_of_300_000_failing_rows_in_a_million_are_named_in_little_memory(
    contacts: Warehouse, tmp_path: Path
) -> None:
    with contacts.connect() as connection:
        connection.execute(
            """
            create unlogged table ops.batch__crm__million as
            select
                i as row_number,
                'id' || i as id,
                case when i % 10 < 3 then 'bad ' || i else i || '@example.org' end as email,
                (array['new', 'won'])[1 + i % 2] as stage,
                i % 100 as score,
                timestamptz '2026-01-01' + i * interval '1 second' as opened,
                timestamptz '2026-01-02' + i * interval '1 second' as closed
            from generate_series(1::bigint, 1000000) as i
            """
        )
    path = tmp_path / "million.json"
    suite = {
        "name": "million",
        "expectations": [
            rule(VALUES + "match_regex", column="email", regex=r"^\S+@\S+$"),
            rule("unexpected_rows_expectation", unexpected_rows_query="select * from {batch} where email like 'bad%'"),
            rule(VALUES + "be_unique", column="id"),
            rule(VALUES + "not_be_null", column="id"),
            rule(VALUES + "be_in_set", column="stage", value_set=["new", "won"]),
            rule(VALUES + "be_between", column="score", min_value=0, max_value=99),
            rule("expect_column_pair_values_a_to_be_greater_than_b", column_A="closed", column_B="opened"),
            rule("expect_table_row_count_to_be_between", min_value=1),
        ],
    }
    path.write_text(json.dumps(suite))
    child = subprocess.run(
        [sys.executable, "-c", MILLION, contacts.sqlalchemy_url, str(path)],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )
    # Quiet: the child printed its one line, and Great Expectations nothing.
    assert child.stderr == ""
    told = json.loads(child.stdout)
    assert told["megabytes"] < 500
    assert [unexpected for unexpected, _ in told["results"]] == [300_000, 300_000, 0, 0, 0, 0, 0, 0]
    with contacts.connect() as connection:
        for _, failing in told["results"][:2]:
            count = sql.SQL(
                "select count(*), count(distinct row_number), bool_and(row_number % 10 < 3) from ({}) as failing"
            )
            row = connection.execute(count.format(sql.SQL(failing))).fetchone()
            # i % 10 in (0, 1, 2) for i from 1 to 1,000,000 is exactly three in ten.
            assert row == (300_000, 300_000, True)


def written(folder: Path, document: Any, name: str = "crm__contacts") -> Path:
    path = folder / f"{name}.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def suite_of(**changes: Any) -> dict[str, Any]:
    entry = rule(VALUES + "match_regex", column="email", regex="@") | changes
    return {"name": "crm__contacts", "expectations": [entry]}


def test_a_suite_is_read(tmp_path: Path) -> None:
    written(tmp_path, suite_of(severity="warning", meta={"rule": "address"}))
    written(tmp_path, {"name": "crm__deals", "expectations": [rule(VALUES + "not_be_null", column="id")]}, "crm__deals")
    suites = all_suites(tmp_path)
    assert list(suites) == ["crm__contacts", "crm__deals"]
    assert [(r.name, r.severity, r.column) for r in suites["crm__contacts"].rules] == [("address", "warning", "email")]
    # Great Expectations takes a rule without a severity as critical.
    assert [(r.name, r.severity) for r in suites["crm__deals"].rules] == [("id__not_be_null", "critical")]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("{", "line 1, column 2: not JSON"),
        ("[]", "the file: expected an object"),
        (suite_of() | {"name": "contacts"}, "name: expected 'crm__contacts', the file's name, got 'contacts'"),
        (suite_of() | {"expectations": []}, "expectations: expected at least one expectation"),
        (suite_of(severity="fatal"), "expectations[0].severity: expected 'critical', 'warning' or 'info'"),
        (suite_of(severty="critical"), "expectations[0].severty: no such key here"),
        (suite_of(type=VALUES + "match_regexp"), "did you mean 'expect_column_values_to_match_regex'?"),
        (suite_of(kwargs={"column": "email", "regexp": "@"}), "expectations[0].kwargs.regexp: no such argument"),
        (suite_of(kwargs={"regex": "@"}), "expectations[0].kwargs.column: missing"),
        (suite_of(kwargs={"column": "email", "regex": 5}), "expectations[0].kwargs.regex: expected string, got 5"),
        (suite_of(meta={"rule": "Two words"}), "expectations[0].meta.rule: expected a name of small letters"),
        (
            suite_of(type="unexpected_rows_expectation", kwargs={"unexpected_rows_query": "select 1"}),
            "expectations[0].kwargs.unexpected_rows_query: expected {batch}",
        ),
        (
            {"name": "crm__contacts", "expectations": suite_of()["expectations"] * 2},
            "2 rules are called 'email__match_regex'",
        ),
    ],
)
def test_a_suite_with_a_mistake_says_where(tmp_path: Path, document: Any, told: str) -> None:
    path = written(tmp_path, document)
    with pytest.raises(QualityError) as caught:
        load_suite(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value)
