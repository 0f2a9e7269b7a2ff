"""Clusters: those that are there are found, named and found again; where there are none, nothing is said."""

import json

import numpy as np
import pandas as pd
import pytest

from include.models.clusters import Clusters, Feature, fit, names

FEATURES = (Feature("buys", "rare", "frequent", is_log=True), Feature("amount", "low value", "high value", is_log=True))


def three_groups(per_group: int = 120) -> pd.DataFrame:
    """Rare and cheap, frequent and cheap, rare and dear: far apart on the scale of logarithms."""
    dice = np.random.default_rng(2)
    middle = np.repeat([[1.0, 3.0], [4.0, 3.0], [1.0, 6.0]], per_group, axis=0)
    return pd.DataFrame(np.expm1(np.abs(middle + dice.normal(0, 0.25, middle.shape))), columns=["buys", "amount"])


def test_groups_that_are_there_are_found_and_named() -> None:
    rows = three_groups()
    found = fit(rows, FEATURES)
    assert found is not None
    labels = [found.names[label] for label in found.label(rows)]
    # each group is one cluster
    assert [len(set(labels[start : start + 120])) for start in (0, 120, 240)] == [1, 1, 1]
    assert (labels[0], labels[120], labels[240]) == ("low value, rare", "frequent, low value", "high value, rare")
    best = max(found.scores, key=lambda score: score["silhouette"])
    assert best["clusters"] == 3 and best["stability"] > 0.99


def test_the_same_rows_give_the_same_clusters_and_survive_being_kept() -> None:
    rows = three_groups()
    found = fit(rows, FEATURES)
    assert found == fit(rows, FEATURES)
    assert found is not None
    assert Clusters.from_json(json.loads(json.dumps(found.as_json()))) == found


def test_a_cloud_without_groups_has_no_clusters() -> None:
    cloud = np.random.default_rng(1).normal(size=(1_500, 4))
    features = [Feature(name, f"low {name}", f"high {name}") for name in "abcd"]
    assert fit(dict(zip("abcd", cloud.T, strict=True)), features) is None


def test_a_column_that_is_the_same_for_all_sets_nobody_apart() -> None:
    rows = three_groups().assign(tickets=0)
    found = fit(rows, (*FEATURES, Feature("tickets", "few tickets", "many tickets")))
    assert found is not None and len(found.names) == 3
    assert "tickets" not in " ".join(found.names)


def test_rows_too_few_are_refused() -> None:
    with pytest.raises(ValueError, match="needs 100 rows, and there are 99"):
        fit(three_groups(33), FEATURES)


def test_names_tell_clusters_apart() -> None:
    centres, shares = np.array([[2.0, 0.1], [2.0, 0.1], [-0.1, 0.0]]), np.array([0.2, 0.2, 0.6])
    assert names(centres, shares, FEATURES) == ["frequent 1", "frequent 2", "average"]
