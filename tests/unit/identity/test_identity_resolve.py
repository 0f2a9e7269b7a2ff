"""./crm resolve: what columns are taken for, what it finds, and what it says of files that it cannot use."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from include.customers.errors import ResolveError
from include.customers.identity.columns import recognise
from include.customers.identity.resolve import resolve
from include.settings import PROJECT

# 1 and 3 are one person, 2 and 4 another; in 5 nobody
PEOPLE = """rec;Mail;Vorname;Nachname;PLZ;Ort;truth
1;jana.koch@mail.example;Jana;Koch;10115;Berlin;p-1
2;ole.berg@mail.example;Ole;Berg;20095;Hamburg;p-2
3;JANA.KOCH@mail.example;Jana;Kock;10115;Berlin;p-1 again
4;ole.berg@mail.example;O.;Berg;20095;Hamburg;p-2
5;;Uwe;Wolf;50667;Köln;
"""


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE, "utf-8")
    return path


def taken(names: str, kind: str = "person", **mapping: str) -> dict[str, str]:
    table = pa.table({name: pa.array(["x1", "x2"]) for name in names.split("|")})
    return {column.name: column.field for column in recognise(table, kind, mapping, set())}


def test_columns_are_recognised_by_name_in_many_spellings() -> None:
    assert taken("First Name|SURNAME|d.o.b.|soc_sec_id|address_1|suburb|E-Mail|Tel.") == {
        "First Name": "given_name", "SURNAME": "family_name", "d.o.b.": "birth_date", "soc_sec_id": "national_id",
        "address_1": "street", "suburb": "city", "E-Mail": "email", "Tel.": "phone",
    }  # fmt: skip
    assert taken("姓|名|手机|公司") == {
        "姓": "family_name",
        "名": "given_name",
        "手机": "phone",
        "公司": "company_name",
    }
    assert taken("Company|Domain|PLZ", "organisation") == {"Company": "name", "Domain": "domain", "PLZ": "postcode"}


def test_a_field_is_taken_once_and_what_the_user_says_comes_first() -> None:
    assert taken("email|mail|name", email="mail") == {"mail": "email", "name": "full_name"}


def test_columns_are_recognised_by_content() -> None:
    table = pa.table({"c1": ["a@b.example", None, "c@d.example"],
                      "c2": ["+49 30 123456", "030/1234567", "(030) 123456"],
                      "c3": ["www.a.example", "https://b.example", "x"], "c4": ["12", "13", "14"]})  # fmt: skip
    assert [(one.name, one.field) for one in recognise(table, "person", {}, set())] == [
        ("c1", "email"), ("c2", "phone"), ("c3", "website"),
    ]  # fmt: skip


def test_people_of_a_file_are_found_and_written(people: Path, tmp_path: Path) -> None:
    found = resolve([people], truth="truth", truth_pattern=r"p-(\d)", out=tmp_path / "found.csv")
    assert (found.records, found.clusters, found.links, found.trained_on) == (5, 3, 2, 0)
    assert found.quality
    assert (found.quality.true_pairs, found.quality.right_pairs, found.quality.f1) == (2, 2, 1.0)
    written = pyarrow.csv.read_csv(tmp_path / "found.csv")
    assert written["cluster_id"].to_pylist() == [1, 2, 1, 2, 5]
    assert written["Vorname"].to_pylist() == ["Jana", "Ole", "Jana", "O.", "Uwe"]


def test_precision_and_recall_are_counted_over_pairs(people: Path) -> None:
    found = resolve([people], truth="Ort").quality
    assert found
    assert (found.true_pairs, found.found_pairs, found.precision, found.recall) == (2, 2, 1.0, 1.0)
    # by name of person: "p-1", "p-1 again" differ, so one of the two found pairs is right
    found = resolve([people], truth="truth").quality
    assert found
    assert (found.true_pairs, found.found_pairs, found.precision, found.recall) == (1, 2, 0.5, 1.0)


def test_several_files_are_one_set_of_records(people: Path, tmp_path: Path) -> None:
    mapping = {"given_name": "Vorname", "family_name": "Nachname", "email": "Mail"}
    renamed = tmp_path / "renamed.csv"
    renamed.write_text("id,Mail,Vorname,Nachname\n7,jana.koch@mail.example,Jana,Koch\n", "utf-8")
    found = resolve([people, renamed], mapping=mapping, out=tmp_path / "all.parquet")
    written = pyarrow.parquet.read_table(tmp_path / "all.parquet")
    assert (found.records, found.clusters) == (6, 3)
    assert written["record_id"].to_pylist()[0::5] == ["people.csv:1", "renamed.csv:1"]
    assert written["cluster_id"].to_pylist()[0::5] == ["people.csv:1", "people.csv:1"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is empty"),
        (b"\x7fELF\x02\x00\x00", "neither text nor Parquet"),
        (b"email,name\n", "no record in it"),
        (b"PAR1nonsense", "cannot be read as Parquet"),
        (b"a,b\n1,2\n", "no column is known"),
    ],
)
def test_files_that_cannot_be_used_are_told(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "file.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ResolveError) as error:
        resolve([path])
    assert says in str(error.value)


def test_options_that_do_not_fit_are_told(people: Path, tmp_path: Path) -> None:
    for wrong, says in (
        ({"mapping": {"mail": "Mail"}}, "no field mail; the fields are unique_id, full_name"),
        ({"mapping": {"email": "mail"}}, "no column 'mail'; there are 'rec', 'Mail'"),
        ({"truth": "who"}, "--truth who: no such column"),
        ({"truth": "truth", "truth_pattern": "x("}, "not a regular expression"),
        ({"truth": "truth", "truth_pattern": "q-"}, "fits no value of 'truth'"),
        ({"out": tmp_path / "found.xls"}, "has to end in .csv or .parquet"),
    ):
        with pytest.raises(ResolveError) as error:
            resolve([people], **wrong)
        assert says in str(error.value)
    with pytest.raises(ResolveError, match="is a directory"):
        resolve([tmp_path])


def test_the_command_prints_figures_and_no_trace(people: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "include.cli", "resolve"]
    asked = [str(people), "--map", "email=Mail", "--truth", "truth", "--truth-pattern", r"p-(\d)", "--json"]
    done = subprocess.run([*command, *asked], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["quality"]["f1"] == 1.0
    assert "'Mail' is taken for email, by you" in done.stderr
    done = subprocess.run([*command, str(tmp_path / "x.csv")], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert "cannot be read: No such file" in done.stderr
