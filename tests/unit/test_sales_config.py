"""sales.yaml and targets.csv: what is wrong in them is told by file, place and what was expected."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from include.config_files import ConfigError, read_config
from include.sales.pipelines import SalesConfig, load_sales_config
from include.sales.targets import Target, load_targets

PROCESS = {
    "name": "Sales",
    "stages": [
        {"name": "Talk", "may_stay_days": 14}, {"name": "Won", "status": "won"}, {"name": "Lost", "status": "lost"},
    ],
}  # fmt: skip
PIPELINE = {
    "source": "crm", "name": "Deals", "process": "Sales",
    "stages": [{"key": "1", "name": "First call", "as": "Talk"}, {"key": "Won"}, {"key": "x", "as": "Lost"}],
}  # fmt: skip


def read(path: Path, **changes: object) -> SalesConfig:
    """The configuration of a process and a pipeline, with changes."""
    values = {"reporting_currency": "EUR", "processes": [PROCESS], "pipelines": [PIPELINE], **changes}
    path.write_text(yaml.safe_dump(values))
    return read_config(path, SalesConfig)


def test_stages_are_mapped_to_the_process(tmp_path: Path) -> None:
    config = read(tmp_path / "sales.yaml")
    pipeline = config.pipelines[0]
    assert [config.standard_stage(pipeline, stage).name for stage in pipeline.stages] == ["Talk", "Won", "Lost"]
    assert config.standard_stage(pipeline, pipeline.stages[0]).may_stay_days == 14
    assert load_sales_config().reporting_currency == "USD"  # as delivered


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"reporting_currency": "euro"}, "reporting_currency: String should match pattern"),
        ({"holiday_calendar": "XX"}, "holiday_calendar: XX is no known calendar of public holidays"),
        ({"processes": []}, "pipeline Deals of crm: no process 'Sales'; none"),
        ({"processes": [PROCESS, PROCESS]}, "processes: the name 'Sales' is there twice"),
        ({"processes": [PROCESS | {"stages": [{"name": "a"}, {"name": "b"}]}]}, "give the stage that means winning"),
        ({"processes": [PROCESS | {"moves": {"Talk": ["Sold"]}}]}, "moves: no stage 'Sold'; there are Talk, Won, Lost"),
        ({"pipelines": [PIPELINE | {"stages": [{"key": "New"}]}]}, "has no stage 'New': give it as: one of Talk, Won"),
        ({"pipelines": [PIPELINE | {"created_stage": "9"}]}, "created_stage: no stage has the key '9': 1, Won, x"),
        ({"pipelines": [PIPELINE, PIPELINE]}, "pipelines of crm: the key '1' is there twice"),
        ({"pipelines": [PIPELINE | {"stages": [{"key": "Won", "status": "open"}]}]}, "is open, but the standard stage"),
        ({"pipelines": [{k: v for k, v in PIPELINE.items() if k != "process"}]}, "stage 1: as: goes with process:"),
        ({"pipelines": [PIPELINE | {"stages": [{"key": "Won", "probability": 40}]}]}, "less than or equal to 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(tmp_path: Path, changes: dict, says: str) -> None:
    path = tmp_path / "sales.yaml"
    with pytest.raises(ConfigError) as error:
        read(path, **changes)
    assert str(path) in str(error.value) and says in str(error.value)


def test_targets_are_read(tmp_path: Path) -> None:
    path = tmp_path / "targets.csv"
    path.write_text('month,dimension,member,amount\n2026-11,rep,"Doe, Ann",125000.50\n\n2026-12,team,East,7\n')
    assert load_targets(path) == [
        Target(date(2026, 11, 1), "rep", "Doe, Ann", Decimal("125000.50")),
        Target(date(2026, 12, 1), "team", "East", Decimal(7)),
    ]
    assert load_targets() == []  # as delivered


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ":1: the header must be month,dimension,member,amount"),
        ("month,rep,amount\n", ":1: the header must be"),
        ("2026-11,rep,Ann\n", ":2: 3 values, expected 4"),
        ("11/2026,rep,Ann,5\n", ":2: month: expected a month as 2026-11, found '11/2026'"),
        ("2026-11,product,Ann,5\n", ":2: dimension: expected rep or team, found 'product'"),
        ("2026-11,rep, ,5\n", ":2: member: name the rep"),
        ('2026-11,rep,Ann,"1,000"\n', ":2: amount: expected a number above 0 as 125000.50, found '1,000'"),
        ("2026-11,rep,Ann,nan\n", ":2: amount: expected a number"),
        ("2026-11,rep,Ann,-5\n", ":2: amount: expected a number"),
        ("2026-11,rep,Ann,5\n2026-11,rep,ann,6\n", ":3: 2026-11 of the rep 'ann' is there twice"),
    ],
)
def test_a_wrong_line_is_told(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "targets.csv"
    header = "" if "header" in says else "month,dimension,member,amount\n"
    path.write_text(header + text)
    with pytest.raises(ConfigError) as error:
        load_targets(path)
    assert f"{path}{says}" in str(error.value)
