"""Clusters: components by hand, and against a slow way that anybody can follow, on any small graph."""

from itertools import combinations
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from include.customers.identity.clusters import cluster

IDS = "abcdefg"
PAIR = st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)).filter(lambda pair: pair[0] != pair[1])
WEIGHTED = st.tuples(st.sampled_from(IDS), st.sampled_from(IDS), st.sampled_from([1.0, 2.0, 3.0])).filter(
    lambda pair: pair[0] < pair[1]
)


def clusters(*of: Any) -> dict[str, str]:
    return dict(zip(*(column.to_pylist() for column in cluster(*of).columns), strict=True))


def test_a_chain_is_one_cluster_named_by_its_smallest_id() -> None:
    pairs = [("c", "b", 1.0), ("b", "a", 1.0), ("e", "d", 1.0)]
    assert clusters(IDS, pairs) == {"a": "a", "b": "a", "c": "a", "d": "d", "e": "d", "f": "f", "g": "g"}


def test_a_forbidden_pair_breaks_a_chain_at_its_weakest_link() -> None:
    pairs = [("a", "b", 9.0), ("b", "c", 2.0), ("c", "d", 9.0), ("e", "f", 1.0)]
    found = clusters(IDS, pairs, (), [("a", "d")])
    assert found == {"a": "a", "b": "a", "c": "c", "d": "c", "e": "e", "f": "e", "g": "g"}


def test_a_forced_pair_comes_before_the_strongest() -> None:
    found = clusters("abc", [("a", "b", 99.0)], [("b", "c")], [("a", "c")])
    assert found == {"a": "a", "b": "b", "c": "b"}


def test_forbidden_wins_over_forced() -> None:
    assert clusters("ab", [], [("a", "b")], [("b", "a")]) == {"a": "a", "b": "b"}
    assert clusters("abc", [], [("a", "b"), ("b", "c")], [("a", "c")]) == {"a": "a", "b": "a", "c": "c"}


def test_pairs_of_ids_that_are_gone_are_left_out() -> None:
    assert clusters("ab", [("a", "x", 1.0)], [("x", "b")], [("y", "z")]) == {"a": "a", "b": "b"}


def test_numbers_are_ids_too_and_tables_are_pairs() -> None:
    pairs = pa.table({"id_a": [2, 10], "id_b": [10, 30], "weight": [1.0, 2.0]})
    assert cluster(pa.array([30, 10, 2]), pairs).to_pydict() == {"id": [2, 10, 30], "cluster_id": [2, 2, 2]}


def test_no_records_no_clusters() -> None:
    assert cluster(pa.array([], pa.string()), []).num_rows == 0


@given(st.lists(WEIGHTED), st.lists(PAIR, max_size=3), st.lists(PAIR, max_size=4), st.randoms())
def test_any_order_gives_the_same_clusters(pairs: list, forced: list, forbidden: list, random: Any) -> None:
    found = clusters(IDS, pairs, forced, forbidden)
    turned = [[pair[1::-1] + pair[2:] for pair in some] for some in (pairs, forced, forbidden)]
    ids = list(IDS)
    for some in (ids, *turned):
        random.shuffle(some)
    assert clusters(ids, *turned) == found


@given(st.lists(WEIGHTED), st.lists(PAIR, max_size=3), st.lists(PAIR, max_size=4))
def test_clusters_are_those_of_the_slow_way(pairs: list, forced: list, forbidden: list) -> None:
    found = clusters(IDS, pairs, forced, forbidden)
    assert found == slowly(pairs, forced, forbidden)
    assert not any(found[one] == found[other] for one, other in forbidden)


def slowly(pairs: list, forced: list, forbidden: list) -> dict[str, str]:
    """Sets that are joined edge by edge, whole pairs of sets looked through for a forbidden pair."""
    apart = {frozenset(pair) for pair in forbidden}
    groups = [{one} for one in IDS]
    edges = [(0, *sorted(pair)) for pair in forced] + [(-weight, *sorted((a, b))) for a, b, weight in pairs]
    for _, one, other in sorted(edges[: len(forced)]) + sorted(edges[len(forced) :]):
        left, right = (next(group for group in groups if end in group) for end in (one, other))
        if left is right or any(frozenset(pair) in apart for pair in combinations(left | right, 2)):
            continue
        groups = [group for group in groups if group not in (left, right)] + [left | right]
    return {one: min(group) for group in groups for one in group}
