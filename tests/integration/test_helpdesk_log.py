"""Real input: a help desk's event log by `load_files`, against what plain pandas says of the same file."""

from pathlib import Path

import pandas
import pytest

from include.by_hand import LoadSummary, load_files
from include.warehouse.connection import Warehouse
from tests.conftest import Databases
from tests.deliveries import rows


@pytest.fixture(scope="module")
def loaded(embedded: Databases, real_data: Path, tmp_path_factory: pytest.TempPathFactory):
    """A warehouse with the log, and what loading it said."""
    warehouse = embedded.warehouse()
    return warehouse, load_files(
        warehouse, "helpdesk_log", [real_data / "helpdesk_events"], reports=tmp_path_factory.mktemp("reports")
    )


@pytest.fixture(scope="module")
def log(real_data: Path) -> pandas.DataFrame:
    """The lines of the file, each once."""
    lines = pandas.read_csv(
        real_data / "helpdesk_events" / "helpdesk.csv", dtype={"CaseID": str, "ActivityID": str},
        parse_dates=["CompleteTimestamp"],
    )  # fmt: skip
    return lines.drop_duplicates().sort_values(["CaseID", "CompleteTimestamp"], kind="stable")


def test_nothing_is_lost(loaded: tuple[Warehouse, LoadSummary]) -> None:
    warehouse, summary = loaded
    assert summary.counts["events"].received == 13710
    assert rows(warehouse, "select count(*) from mart.ticket") == [(3804,)]


def test_cycle_times_equal_plain_pandas(loaded: tuple[Warehouse, LoadSummary], log: pandas.DataFrame) -> None:
    warehouse, _ = loaded
    times = log.groupby("CaseID")["CompleteTimestamp"]
    # activity 6 closes a case; a second one that follows at once does not close what is closed
    closing = log[(log["ActivityID"] == "6") & (log.groupby("CaseID")["ActivityID"].shift() != "6")]
    closed = closing.groupby("CaseID")["CompleteTimestamp"]
    first = ((closed.min() - times.min()).dt.total_seconds() / 60).to_dict()
    whole = ((closed.max() - times.min()).dt.total_seconds() / 60).to_dict()
    # every case ends with it, so that this is its cycle time, but for the cases that end with it twice
    ends = (times.max() - times.min()).dt.total_seconds() / 60
    assert sum(whole[key] == ends[key] for key in whole) > 0.9 * len(whole)
    found = rows(warehouse, "select ticket_id, first_resolution_minutes, full_resolution_minutes from mart.ticket")
    assert len(found) == len(whole)
    for key, to_first, to_last in found:
        assert float(to_first) == pytest.approx(first[key], abs=1e-6)
        assert float(to_last) == pytest.approx(whole[key], abs=1e-6), key


def test_paths_equal_plain_pandas(loaded: tuple[Warehouse, LoadSummary], log: pandas.DataFrame) -> None:
    warehouse, _ = loaded
    # two activities of one second have no order in the file's times: these cases are compared as sets
    tied = set(log[log.duplicated(["CaseID", "CompleteTimestamp"], keep=False)]["CaseID"])
    expected = log.groupby("CaseID")["ActivityID"].agg(" > ".join).to_dict()
    found = dict(rows(warehouse, "select ticket_id, path from mart.ticket"))
    assert {key: path for key, path in found.items() if key not in tied} == {
        key: path for key, path in expected.items() if key not in tied
    }
    for key in tied:
        assert sorted(found[key].split(" > ")) == sorted(expected[key].split(" > "))
