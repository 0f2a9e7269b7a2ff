"""identity.yaml: the one that comes with the project is right, and a wrong one says what is wrong with it."""

from pathlib import Path

import pytest
import yaml

from include.config_files import ConfigError, read_config
from include.customers.identity.config import IdentityConfig, load_identity_config
from include.customers.identity.model import Model, starting_model
from include.settings import CONFIG


def changed(tmp_path: Path, old: str, new: str) -> IdentityConfig:
    text = (CONFIG / "identity.yaml").read_text("utf-8")
    assert old in text
    path = tmp_path / "identity.yaml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    return read_config(path, IdentityConfig)


def test_the_shares_of_every_comparison_are_those_of_all_pairs() -> None:
    config = load_identity_config()
    for kind in (config.persons, config.organisations):
        for name, comparison in kind.comparisons.items():
            assert sum(level.m for level in comparison.levels.values()) == pytest.approx(1, abs=0.05), name
            assert sum(level.u for level in comparison.levels.values()) == pytest.approx(1, abs=0.05), name


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("compare: email", "compare: mail", "compare: mail is none of person_name"),
        ("        close: {m: 0.03, u: 0.00001}\n", "", "levels of email are same, close, same_mailbox, different"),
        ("      column: birth_date\n", "", "digits needs a column:"),
        ("silent_at: [family_only, different]", "silent_at: [cousin]", "no level cousin in the first"),
        ("review_from: 0.3", "review_from: 0.99", "each must be at least the one before it"),
        ("- [national_id]", "- [national_id:0]", "persons.blocking.0.0"),
        ("prior: 0.00005", "prior: 0", "persons.prior"),
    ],
)
def test_what_does_not_fit_is_told(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(ConfigError, match=r"identity\.yaml") as error:
        changed(tmp_path, old, new)
    assert says in str(error.value)


def test_a_model_is_the_same_after_being_json() -> None:
    model = starting_model(load_identity_config().persons)
    stated = yaml.safe_load((CONFIG / "identity.yaml").read_text("utf-8"))["persons"]
    assert Model.from_json(model.to_json()) == model
    assert model.settings["comparisons"]["phone"]["same"] == stated["comparisons"]["phone"]["levels"]["same"]
    assert (model.kind, model.terms, model.records) == ("person", {}, 0)
    assert starting_model(load_identity_config().organisations).kind == "organisation"
