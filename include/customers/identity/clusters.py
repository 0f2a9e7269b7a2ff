"""Clusters of records from scored pairs: connected components, and what people forced and forbade."""

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Ids: TypeAlias = pa.Array | pa.ChunkedArray | Iterable[Any]
Pairs: TypeAlias = pa.Table | Iterable[tuple[Any, ...]]


def cluster(
    ids: Ids, pairs: Pairs, forced: Pairs = (), forbidden: Pairs = (), *, sure_from: float = -np.inf
) -> pa.Table:
    """Each record's cluster, named by its smallest id; the same whatever the order of what comes in.

    A component in which a forbidden pair would meet is built up from single records: the forced pairs first, by their
    ids, then the others from the heaviest down, ties by their ids, leaving out each that would bring a forbidden pair
    together. Forbidden wins over forced, and over chains of forced pairs: a record kept apart by mistake is a customer
    seen twice, one let in by mistake shows a person somebody else's data.

    What the sure pairs made is joined by the others only two by two: where each of two clusters is the other's only
    candidate. Somebody whose name two clusters bear is joined to neither.

    :param ids: ids of all records, each once, of one type that can be sorted.
    :param pairs: (id_a, id_b, weight) of records that are one, as tuples or the first three columns of a table.
    :param sure_from: weight from which a pair links by itself.
    :param forced: (id_a, id_b) that are one whatever their score.
    :param forbidden: (id_a, id_b) that may not be in one cluster. A pair with an id that is not in ``ids`` is left out.
    :return: id and cluster_id, a row a record, by id.
    """
    found = pc.unique(ids if isinstance(ids, pa.Array | pa.ChunkedArray) else pa.array(ids))
    nodes = found.take(pc.sort_indices(found))
    heads, tails, weights = _edges(pairs, nodes, is_weighted=True)
    forced_heads, forced_tails, _ = _edges(forced, nodes)
    apart = np.column_stack(_edges(forbidden, nodes)[:2])
    heads, tails = np.concatenate([forced_heads, heads]), np.concatenate([forced_tails, tails])
    weights = np.concatenate([np.full(len(forced_heads), np.inf), weights])
    is_sure = weights >= sure_from
    weak = np.column_stack([heads[~is_sure], tails[~is_sure]])
    heads, tails, weights = heads[is_sure], tails[is_sure], weights[is_sure]
    links = coo_array((np.ones(len(heads), np.int8), (heads, tails)), shape=(len(nodes), len(nodes)))
    _, component = connected_components(links, directed=False)
    smallest = _smallest(component)
    split = np.unique(smallest[apart[:, 0]][smallest[apart[:, 0]] == smallest[apart[:, 1]]])
    if len(split):
        inside = np.isin(smallest[heads], split)
        edges = np.column_stack([heads[inside], tails[inside]])
        order = np.lexsort((edges[:, 1], edges[:, 0], -weights[inside]))
        members = np.flatnonzero(np.isin(smallest, split))
        smallest[members] = _grown(members, edges[order], apart[np.isin(smallest[apart[:, 0]], split)])
    smallest = _only_candidates(smallest, weak, apart)
    return pa.table({"id": nodes, "cluster_id": nodes.take(pa.array(smallest))})


def _only_candidates(smallest: np.ndarray, weak: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Clusters (the smallest node of each node) with those joined that are each other's only candidates.

    At least half of the records of each have to be like one of the other: one odd record does not glue two people.
    """
    weak = weak[smallest[weak[:, 0]] != smallest[weak[:, 1]]]
    candidates = np.unique(np.sort(smallest[weak], axis=1), axis=0)
    parted = np.unique(np.sort(smallest[apart], axis=1), axis=0)
    nodes = len(smallest)
    candidates = candidates[~np.isin(candidates @ [nodes, 1], parted @ [nodes, 1])]
    rivals = np.bincount(candidates.ravel(), minlength=nodes)
    tied = np.bincount(smallest[np.unique(weak)], minlength=nodes)
    is_like_most = 2 * tied >= np.bincount(smallest, minlength=nodes)
    joined = candidates[((rivals == 1) & is_like_most)[candidates].all(axis=1)]
    smaller = np.arange(nodes)
    smaller[joined[:, 1]] = joined[:, 0]
    return smaller[smallest]


def _edges(pairs: Pairs, nodes: pa.Array, is_weighted: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs as positions in ``nodes``, the smaller first, and their weights."""
    if not isinstance(pairs, pa.Table):
        rows: list[Any] = list(pairs)
        columns = [pa.array([row[side] for row in rows], nodes.type) for side in (0, 1)]
        weights = pa.array([row[2] for row in rows] if is_weighted else [0.0] * len(rows), pa.float64())
    else:
        columns = [pairs.column(side).cast(nodes.type) for side in (0, 1)]
        weights = pairs.column(2) if is_weighted else pa.array(np.zeros(len(pairs)))
    first, second = (
        pc.fill_null(pc.index_in(column, value_set=nodes), -1).to_numpy(zero_copy_only=False).astype(np.int64)
        if len(column)
        else np.empty(0, np.int64)
        for column in columns
    )
    known = (first >= 0) & (second >= 0)
    weight = weights.to_numpy(zero_copy_only=False).astype(float)
    return np.minimum(first, second)[known], np.maximum(first, second)[known], weight[known]


def _smallest(component: np.ndarray) -> np.ndarray:
    """For each node the smallest node of its component."""
    _, first, inverse = np.unique(component, return_index=True, return_inverse=True)
    return first[inverse]


def _grown(members: np.ndarray, edges: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Clusters of ``members`` grown along ``edges`` in their order, with no two ends of ``apart`` in one of them."""
    parent = {node: node for node in members.tolist()}
    enemies: dict[int, set[int]] = {node: set() for node in parent}

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    for one, other in apart.tolist():
        if one in enemies and other in enemies and one != other:
            enemies[one].add(other)
            enemies[other].add(one)
    for one, other in edges.tolist():
        kept, lost = sorted((root(one), root(other)))  # so that a root is the smallest of its cluster
        if kept == lost or lost in enemies[kept]:
            continue
        parent[lost] = kept
        for enemy in enemies.pop(lost):
            enemies[enemy].remove(lost)
            enemies[enemy].add(kept)
            enemies[kept].add(enemy)
    return np.array([root(node) for node in members.tolist()])
