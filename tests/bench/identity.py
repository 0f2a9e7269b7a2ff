"""One measurement of identity in a process of its own: ``python -m tests.bench.identity RECORDS`` prints it as JSON.

People are made, and their matching columns with them: cleaning is not measured. A small run comes first, so that
imports are not measured either.
"""

import json
import os
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.customers.identity.clusters import cluster
from include.customers.identity.config import KindConfig, load_identity_config
from include.customers.identity.engine import block_keys, score, train
from include.customers.identity.model import Model
from tests.bench.child import peak_mb
from tests.bench.people import people

COPIES, LATER = 0.3, 0.01


def measure(originals: int, kind: KindConfig) -> dict[str, float]:
    """Train, compare and cluster; then compare a hundredth of new records with those that are there."""
    copies, later = round(originals * COPIES), round(originals * LATER)
    made, person = people(originals + later, copies)
    records, fresh = made.slice(0, len(made) - later), made.slice(len(made) - later)
    started, cpu = time.perf_counter(), time.process_time()
    model = train(records, kind)
    trained = time.perf_counter()
    pairs = score(records, model, kind)
    scored = time.perf_counter()
    clusters = cluster(records["unique_id"], _links(pairs, model), sure_from=model.link_weight)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    keys = block_keys(records, kind).sort_by("key")  # what the warehouse has, with an index
    sorted_keys = keys["key"].to_numpy()
    started_again, cpu = time.perf_counter(), time.process_time()
    asked = np.unique(block_keys(fresh, kind)["key"].to_numpy())
    begin, end = (np.searchsorted(sorted_keys, asked, side) for side in ("left", "right"))
    places = np.concatenate([np.arange(*span) for span in zip(begin, end, strict=True) if span[0] < span[1]])
    near = records.filter(pc.is_in(records["unique_id"], value_set=pc.unique(keys["unique_id"].take(pa.array(places)))))
    more = pa.concat_tables([pairs, score(pa.concat_tables([near, fresh]), model, kind, fresh=fresh["unique_id"])])
    all_clusters = cluster(made["unique_id"], _links(more, model), sure_from=model.link_weight)
    return {
        "records": len(records), "seconds": seconds, "cpu_seconds": cpu_seconds,
        "train_seconds": trained - started, "score_seconds": scored - trained,
        "f1": f1(clusters, person[: len(records)]), "later": later, "near": len(near),
        "later_seconds": time.perf_counter() - started_again, "later_cpu_seconds": time.process_time() - cpu,
        "f1_later": f1(all_clusters, person), "peak_mb": peak_mb(), "load": os.getloadavg()[0],
    }  # fmt: skip


def _links(pairs: pa.Table, model: Model) -> pa.Table:
    return pairs.filter(pc.greater_equal(pairs["probability"], model.link_only_at)).select(["id_a", "id_b", "weight"])


def f1(clusters: pa.Table, person: np.ndarray) -> float:
    """Pairwise F1; the clusters are by id, as the records are."""
    found = pa.table({"cluster": clusters["cluster_id"], "person": person})
    sizes = [
        found.group_by(by).aggregate([([], "count_all")])["count_all"].to_numpy()
        for by in (["cluster", "person"], ["cluster"], ["person"])
    ]
    right, together, true = (int((size * (size - 1) // 2).sum()) for size in sizes)
    return 2 * right / (together + true)


if __name__ == "__main__":
    settings = load_identity_config().persons
    measure(1_000, settings)
    print(json.dumps(measure(int(sys.argv[1]), settings)))
