"""The file that names RFM segments: each pair of scores in exactly one, or an error that says which."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from include.config_files import ConfigError, read_config
from include.customers.value.config import ValueConfig
from include.settings import CONFIG


@pytest.fixture
def given() -> dict[str, Any]:
    """The file as it is delivered."""
    return yaml.safe_load((CONFIG / "value.yaml").read_text())


def read(folder: Path, values: dict[str, Any]) -> ValueConfig:
    """The values, read as a file."""
    path = folder / "value.yaml"
    path.write_text(yaml.safe_dump(values))
    return read_config(path, ValueConfig)


def test_a_pair_of_scores_in_no_segment_is_named(tmp_path: Path, given: dict[str, Any]) -> None:
    del given["segments"][0]
    with pytest.raises(ConfigError, match=r"recency 5 with frequency 4 must be in exactly one segment, and is in none"):
        read(tmp_path, given)


def test_a_pair_of_scores_in_two_segments_is_named(tmp_path: Path, given: dict[str, Any]) -> None:
    given["segments"].append({"name": "Everybody", "recency": [1, 1], "frequency": [1, 1]})
    with pytest.raises(ConfigError, match=r"recency 1 with frequency 1 .* is in Hibernating, Everybody"):
        read(tmp_path, given)


@pytest.mark.parametrize(("key", "value"), [("margin", 0), ("margin", 1.2), ("horizon_months", 0), ("fee", 1)])
def test_terms_that_mean_nothing_are_refused(tmp_path: Path, given: dict[str, Any], key: str, value: float) -> None:
    given["lifetime_value"][key] = value
    with pytest.raises(ConfigError, match=f"lifetime_value.{key}"):
        read(tmp_path, given)
