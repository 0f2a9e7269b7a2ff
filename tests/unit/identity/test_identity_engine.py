"""The engine: who is compared and what a pair is worth, by hand, on made-up people and on Febrl's first data set."""

import hashlib
import json
import re
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pytest

from include.customers.cleaning.people import clean_people
from include.customers.identity.clusters import cluster
from include.customers.identity.config import load_identity_config
from include.customers.identity.engine import IdentityError, block_keys, score, train
from include.customers.identity.model import Model, starting_model
from tests.bench.people import people

PERSONS = load_identity_config().persons


@cache
def crowd() -> tuple[pa.Table, np.ndarray, Model]:
    """Eight hundred people, copies of some, and the model that they teach."""
    records, person = people(800, 250, seed=7)
    return records, person, train(records, PERSONS)


def models() -> list[Any]:
    return [
        pytest.param(lambda: starting_model(PERSONS), id="starting"),
        pytest.param(lambda: crowd()[2], id="trained"),
    ]


def probability(model: Model, *records: dict[str, Any]) -> float | None:
    """Of the first pair; None when the two are not compared."""
    table = pa.Table.from_pylist([{"unique_id": str(place), **one} for place, one in enumerate(records)])
    found = score(clean_people(table), model, PERSONS, at_least=0.0)
    return found["probability"][0].as_py() if len(found) else None


ANNA = {"given_name": "Anna", "family_name": "Lindqvist", "phone": "+46 70 123 45 67", "street": "Storgatan",
        "house_number": "5", "city": "Lund", "postcode": "22350", "company_name": "Nordvik AB"}  # fmt: skip


@pytest.mark.parametrize("model", models())
@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"given_name": "Gustav"}, id="a spouse: family name, telephone and address"),
        pytest.param({"given_name": "Gustav", "family_name": "Berg"}, id="a flatmate: telephone and address"),
        pytest.param({"family_name": "Berg"}, id="a colleague of the same first name"),
        pytest.param({"given_name": None}, id="a record of the household: no given name"),
    ],
)
def test_who_shares_a_telephone_and_an_address_is_not_glued(model: Any, other: dict[str, Any]) -> None:
    found = probability(model(), ANNA, {**ANNA, **other})
    assert found is None or found < PERSONS.link_at


@pytest.mark.parametrize("model", models())
def test_strangers_who_share_a_mailbox_are_not_glued(model: Any) -> None:
    office = {"email": "nordvik@nordvik.example", "company_name": "Nordvik AB", "phone": "+46 70 123 45 67"}
    found = probability(
        model(),
        {"given_name": "Anna", "family_name": "Lindqvist", **office},
        {"given_name": "Gustav", "family_name": "Berg", **office},
    )
    assert found is not None
    assert found < PERSONS.review_from


@pytest.mark.parametrize("model", models())
@pytest.mark.parametrize(
    "other",
    [
        pytest.param({}, id="the same"),
        pytest.param({"family_name": "Lindkvist"}, id="a typing error"),
        pytest.param({"given_name": "Lindqvist", "family_name": "Anna"}, id="swapped"),
        pytest.param({"street": "Kungsgatan", "house_number": "9", "city": "Malmö", "postcode": "21149"}, id="moved"),
    ],
)
def test_one_person_is_found(model: Any, other: dict[str, Any]) -> None:
    mail = {"email": "anna.l@mail.example"}
    found = probability(model(), {**ANNA, **mail}, {**ANNA, **mail, **other})
    assert found is not None
    assert found > PERSONS.link_at


def test_a_missing_value_is_no_evidence() -> None:
    table = pa.Table.from_pylist([{"unique_id": "1", **ANNA}, {"unique_id": "2", **ANNA, "phone": None}])
    found = score(clean_people(table), starting_model(PERSONS), PERSONS, at_least=0.0)
    agreement = json.loads(found["agreement"][0].as_py())
    assert agreement["phone"] is None
    assert agreement["birth_date"] is None
    # by hand, identity.yaml: log2(0.70 / 0.00001) = 16.10 and log2(0.60 / 0.001) = 9.23
    assert (agreement["name"], agreement["place"]) == (16.1, 9.23)


def test_weight_and_probability_are_of_the_prior_and_the_levels() -> None:
    table = pa.table({"unique_id": ["1", "2"], "national_id": ["123456", "123456"]})
    found = score(table, starting_model(PERSONS), PERSONS, at_least=0.0).to_pylist()[0]
    # odds: 0.00005 / 0.99995 of the prior, times 0.90 / 0.0000001 of the number
    odds = 0.00005 / 0.99995 * 0.90 / 0.0000001
    assert found["probability"] == pytest.approx(odds / (1 + odds))
    assert found["weight"] == pytest.approx(np.log2(odds))


def test_pairs_are_those_that_share_a_key() -> None:
    records, _, model = crowd()
    some = records.slice(0, 500)
    by_key: dict[int, set[str]] = {}
    for row in block_keys(some, PERSONS).to_pylist():
        by_key.setdefault(row["key"], set()).add(row["unique_id"])
    pairs = {pair for members in by_key.values() for pair in combinations(sorted(members), 2)}
    found = score(some, model, PERSONS, at_least=0.0)
    assert set(zip(found["id_a"].to_pylist(), found["id_b"].to_pylist(), strict=True)) == pairs


def test_a_key_stays_the_same_for_ever() -> None:
    # the lower eight bytes, little end first, of the MD5 of "national_id", the unit separator and the value
    table = pa.table({"unique_id": ["1"], "national_id": ["123456"]})
    digest = hashlib.md5(b"national_id\x1f123456").digest()
    assert block_keys(table, PERSONS)["key"].to_pylist() == [int.from_bytes(digest[8:], "little") - 2**63]


def test_day_by_day_is_one_full_run() -> None:
    records, _, model = crowd()
    full = {tuple(row.values()) for row in score(records, model, PERSONS).to_pylist()}
    seen: set[tuple[Any, ...]] = set()
    for day in range(3):
        arrived = records.slice(0, len(records) * (day + 1) // 3)
        fresh = records.slice(len(records) * day // 3, len(records) * (day + 1) // 3 - len(records) * day // 3)
        keys = block_keys(arrived, PERSONS)
        touched = pc.is_in(keys["key"], value_set=block_keys(fresh, PERSONS)["key"])
        near = arrived.filter(pc.is_in(arrived["unique_id"], value_set=keys.filter(touched)["unique_id"]))
        found = {tuple(row.values()) for row in score(near, model, PERSONS, fresh=fresh["unique_id"]).to_pylist()}
        assert not found & seen  # each pair is told on the day of its later record
        seen |= found
    assert seen == full


def test_the_order_of_the_records_is_nothing() -> None:
    records, _, model = crowd()
    turned = records.take(pa.array(np.random.default_rng(3).permutation(len(records))))
    assert train(turned, PERSONS) == model
    assert score(turned, model, PERSONS) == score(records, model, PERSONS)


def test_made_up_copies_are_found() -> None:
    records, person, model = crowd()
    pairs = score(records, model, PERSONS, at_least=PERSONS.link_at)
    found = dict(zip(*(column.to_pylist() for column in cluster(records["unique_id"], pairs).columns), strict=True))
    truth = dict(zip(records["unique_id"].to_pylist(), person.tolist(), strict=True))
    assert quality(found, truth) > 0.97


def test_few_records_train_nothing() -> None:
    records, _, _ = crowd()
    assert train(records.slice(0, PERSONS.least_records - 1), PERSONS) == starting_model(PERSONS)


def test_organisations_of_one_domain_and_name_are_one() -> None:
    kind = load_identity_config().organisations
    table = pa.table(
        {
            "unique_id": ["1", "2", "3"],
            "name_key": ["nordvik", "nordvik", "sydvik"],
            "domain": ["nordvik.example", None, "sydvik.example"],
            "phone": ["+4670123", "+4670123", "+4670123"],
        }
    )
    found = score(table, starting_model(kind), kind, at_least=kind.link_at)
    assert found.select(["id_a", "id_b"]).to_pylist() == [{"id_a": "1", "id_b": "2"}]


@pytest.mark.parametrize(
    ("ids", "says"), [(["1", "1"], "unique_id that another has too, '1'"), (["1", None], "1 of 2 records have no")]
)
def test_ids_have_to_be_there_and_unique(ids: list[str], says: str) -> None:
    with pytest.raises(IdentityError, match=says):
        score(pa.table({"unique_id": ids}), starting_model(PERSONS), PERSONS)
    with pytest.raises(IdentityError, match="no column unique_id"):
        block_keys(pa.table({"id": ids}), PERSONS)


def test_a_model_of_other_comparisons_is_refused() -> None:
    config = load_identity_config()
    with pytest.raises(IdentityError, match="train it again"):
        score(pa.table({"unique_id": ["1"]}), starting_model(config.organisations), config.persons)


def test_no_records_make_no_pairs() -> None:
    empty = pa.table({"unique_id": pa.array([], pa.string())})
    assert score(empty, starting_model(PERSONS), PERSONS).num_rows == 0
    assert block_keys(empty, PERSONS).num_rows == 0
    assert train(empty, PERSONS) == starting_model(PERSONS)


def test_febrl_1(real_data: Path) -> None:
    file = pyarrow.csv.read_csv(real_data / "febrl" / "dataset1.csv")
    names = ("unique_id", "given_name", "family_name", "house_number", "street", "unit", "city", "postcode", "state",
             "birth_date", "national_id")  # fmt: skip
    records = clean_people(
        pa.table(
            {
                name: pc.utf8_trim_whitespace(column.cast(pa.string()))
                for name, column in zip(names, file.columns, strict=True)
            }
        )
    )
    pairs = score(records, train(records, PERSONS), PERSONS, at_least=PERSONS.link_at)
    found = dict(zip(*(column.to_pylist() for column in cluster(records["unique_id"], pairs).columns), strict=True))
    # the true person is the number in rec_id; 500 originals and a duplicate of each
    truth = {one: re.sub(r"rec-(\d+)-.*", r"\1", one) for one in found}
    assert quality(found, truth) > 0.995


def quality(found: dict[str, str], truth: dict[str, Any]) -> float:
    """Pairwise F1, counted pair by pair."""
    pairs = [(truth[a] == truth[b], found[a] == found[b]) for a, b in combinations(found, 2)]
    right = sum(true and together for true, together in pairs)
    return 2 * right / (sum(true for true, _ in pairs) + sum(together for _, together in pairs))
