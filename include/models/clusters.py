"""Segments by clustering, whatever the things are: k-means on scaled features, as many as the data hold, named.

How many is told by the silhouette (Rousseeuw 1987), among the numbers whose clusters come out again when the rows are
drawn anew (mean adjusted Rand index of bootstrap samples, Hubert & Arabie 1985). Sorted rows and a fixed seed: the same
rows give the same clusters.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from include.models.runs import Fitted

# one array a feature, all of one length: a data frame will do
Columns = Mapping[str, ArrayLike]

FEWEST = 100
MOST_CLUSTERS = 8
SAMPLE = 5_000  # a silhouette compares each row with every other
MANY = 50_000  # from here on k-means takes rows in small batches
BOOTSTRAPS = 10
STARTS = 4
STABLE = 0.8
APART = 0.5  # standard deviations from the mean of all others, from which a feature is part of the name
WORDS = 3
SEED = 20240229


@dataclass(frozen=True)
class Feature:
    """A column that things are told apart by.

    :param low, high: what a cluster is called whose centre lies low, or high, in it.
    :param is_log: whether it is skewed to the right, so that its logarithm, log(1 + value), is taken; never negative.
    """

    column: str
    low: str
    high: str
    is_log: bool = False


@dataclass(frozen=True)
class Clusters:
    """A fitted clustering: all that is needed to say in which cluster a thing is.

    :param mean, deviation: of each feature, after its logarithm where it has one.
    :param centres: one row a cluster, one column a feature, scaled.
    :param names: of the clusters, in the order of the centres.
    :param scores: for each number of clusters tried, its silhouette and its stability.
    """

    features: tuple[Feature, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    centres: tuple[tuple[float, ...], ...]
    names: tuple[str, ...]
    scores: tuple[dict[str, float], ...]

    def scaled(self, columns: Columns) -> np.ndarray:
        """The features of the rows, on the scale of the centres."""
        return (_values(columns, self.features) - np.array(self.mean)) / np.array(self.deviation)

    def label(self, columns: Columns) -> np.ndarray:
        """The number of the cluster that each row is in: the nearest centre."""
        return nearest(self.scaled(columns), np.array(self.centres))

    def as_json(self) -> dict[str, Any]:
        """Plain lists and figures; :meth:`from_json` makes it a clustering again."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Clusters":
        return cls(
            features=tuple(Feature(**feature) for feature in kept["features"]),
            mean=tuple(kept["mean"]),
            deviation=tuple(kept["deviation"]),
            centres=tuple(tuple(centre) for centre in kept["centres"]),
            names=tuple(kept["names"]),
            scores=tuple(kept["scores"]),
        )


def fit(columns: Columns, features: Sequence[Feature]) -> Clusters | None:
    """The clusters of the rows; None when no number of clusters is stable, so that there is nothing to tell apart.

    :param columns: one row a thing, sorted by its key; no feature is missing.
    :raises ValueError: when there are fewer than 100 rows.
    """
    values = _values(columns, features)
    if len(values) < FEWEST:
        raise ValueError(f"clustering needs {FEWEST} rows, and there are {len(values)}")
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    deviation[deviation == 0] = 1
    scaled = (values - mean) / deviation
    centres, scores = choose(scaled, range(2, MOST_CLUSTERS + 1))
    if centres is None:
        return None
    return Clusters(
        features=tuple(features),
        mean=tuple(mean.tolist()),
        deviation=tuple(deviation.tolist()),
        centres=tuple(tuple(centre) for centre in centres.tolist()),
        names=tuple(names(centres, np.bincount(nearest(scaled, centres)) / len(scaled), features)),
        scores=tuple(scores),
    )


def fit_or_say_why(columns: Columns, features: Sequence[Feature], subject: str) -> Fitted:
    """The same for the book of models: the clusters and the numbers that were tried, or why there are none."""
    rows = len(np.asarray(columns[features[0].column]))
    if rows < FEWEST:
        return Fitted(None, {"reason": f"{rows} {subject}, and {FEWEST} are needed"})
    found = fit(columns, features)
    if found is None:
        reason = f"no number of clusters from 2 to {MOST_CLUSTERS} comes out again when {subject} are drawn anew"
        return Fitted(None, {"reason": reason})
    return Fitted(found.as_json(), {"tried": list(found.scores), "clusters": len(found.centres)})


def stated(features: Sequence[Feature]) -> dict[str, Any]:
    """What a clustering looks at, for the book of models."""
    return {
        "columns": [f.column for f in features], "logarithms": [f.column for f in features if f.is_log],
        "scaling": "less the mean, by the standard deviation", "fewest": FEWEST,
    }  # fmt: skip


def choose(
    points: np.ndarray, numbers: Iterable[int], starts: int = STARTS
) -> tuple[np.ndarray | None, list[dict[str, float]]]:
    """The centres that k-means finds: as many as have the best silhouette among the numbers that are stable.

    :param points: one row a thing, on one scale.
    :param numbers: of clusters that are tried; those with fewer distinct rows are left out.
    :param starts: from how many random centres each clustering begins; the more clusters, the more are needed.
    :returns: one row a centre, None when no number is stable; and for each number its silhouette and its stability.
    """
    import sklearn.cluster  # noqa: F401  its threads can only be limited once it is there
    from sklearn.metrics import pairwise_distances
    from threadpoolctl import threadpool_limits

    distinct = len(np.unique(points, axis=0))
    dice = np.random.default_rng(SEED)
    sample = points[np.sort(dice.choice(len(points), min(len(points), SAMPLE), replace=False))]
    drawn = [sample[dice.integers(0, len(sample), len(sample))] for _ in range(BOOTSTRAPS)]
    # more threads only wait for one another over so few columns, the longer the busier the machine is
    with threadpool_limits(1):
        distances = pairwise_distances(sample)
        tried = [_tried(points, sample, distances, drawn, k, starts) for k in numbers if k <= distinct]
    scores = [score for score, _ in tried]
    stable = [one for one in tried if one[0]["stability"] >= STABLE]
    if not stable:
        return None, scores
    _, centres = max(stable, key=lambda one: one[0]["silhouette"])
    return centres[np.lexsort(centres.T[::-1])], scores


def names(centres: np.ndarray, shares: np.ndarray, features: Sequence[Feature]) -> list[str]:
    """A name for each centre: the words of the features in which it is farthest from all others, at most three.

    Names that come out the same are told apart by one more feature each, in the end by a number.

    :param centres: one row a cluster, in standard deviations from the mean of all.
    :param shares: of the rows, in each cluster.
    """
    # the mean of all is 0, so the mean of the others lies on the other side of it
    apart = centres / (1 - shares)[:, None]
    told = [_name(centre, features, WORDS, APART) for centre in apart]
    for words in range(WORDS + 1, len(features) + 1):
        told = [
            _name(centre, features, words, 0) if told.count(name) > 1 else name
            for centre, name in zip(apart, told, strict=True)
        ]
    return [
        f"{name} {told[: place + 1].count(name)}" if told.count(name) > 1 else name for place, name in enumerate(told)
    ]


def _name(centre: np.ndarray, features: Sequence[Feature], words: int, apart: float) -> str:
    farthest = sorted(range(len(features)), key=lambda place: -abs(centre[place]))[:words]
    said = [
        features[place].high if centre[place] > 0 else features[place].low
        for place in farthest
        if abs(centre[place]) >= apart
    ]
    return ", ".join(said) or "average"


def _values(columns: Columns, features: Sequence[Feature]) -> np.ndarray:
    values = [np.asarray(columns[feature.column], dtype=float) for feature in features]
    return np.column_stack([np.log1p(v) if f.is_log else v for f, v in zip(features, values, strict=True)])


def nearest(scaled: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """The number of the nearest centre of each row."""
    # a row's own square is the same for every centre
    return np.argmin((centres**2).sum(axis=1) - 2 * scaled @ centres.T, axis=1)


def _centres(scaled: np.ndarray, k: int, starts: int) -> np.ndarray:
    from sklearn.cluster import KMeans, MiniBatchKMeans

    kind = KMeans if len(scaled) < MANY else MiniBatchKMeans
    return kind(k, n_init=starts, random_state=SEED).fit(scaled).cluster_centers_


def _tried(
    points: np.ndarray, sample: np.ndarray, distances: np.ndarray, drawn: Sequence[np.ndarray], k: int, starts: int
) -> tuple[dict[str, float], np.ndarray]:
    """The centres of k clusters, and how good they are: silhouette, and mean adjusted Rand index of bootstraps.

    :param distances: of the sample's rows to one another.
    :param drawn: the sample, drawn anew a few times.
    """
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    centres = _centres(points, k, starts)
    labels = nearest(sample, centres)
    if len(np.unique(labels)) < 2:
        return {"clusters": k, "silhouette": -1.0, "stability": 0.0}, centres
    again = [_centres(rows, k, starts) for rows in drawn]
    stability = np.mean([adjusted_rand_score(labels, nearest(sample, other)) for other in again])
    silhouette = silhouette_score(distances, labels, metric="precomputed")
    return {"clusters": k, "silhouette": float(silhouette), "stability": float(stability)}, centres
