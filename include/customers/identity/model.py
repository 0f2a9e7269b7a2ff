"""A model of identity: what each level of agreement is worth, and how common values are. Plain data, kept as JSON."""

import json
import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from include.customers.identity.config import KindConfig


@dataclass(frozen=True)
class Model:
    """The probabilities of a Fellegi-Sunter model, frozen until the next training.

    :param settings: ``prior``, the probability that two records drawn at random are of one person, and ``comparisons``:
        for each by name its levels by name, each with ``m`` and ``u``.
    :param terms: for each matching column with term frequencies, the share of records of every value that was seen at
        least twice among ``records``.
    :param records: how many it was trained on; 0 for a starting model.
    :param link_at: probability from which two records are one person for sure.
    :param link_only_at: probability from which they are if neither has another candidate.
    :param review_from: probability from which a person should look at a pair.
    """

    kind: Literal["person", "organisation"]
    settings: dict[str, Any]
    terms: dict[str, dict[str, float]]
    records: int
    link_at: float
    link_only_at: float
    review_from: float

    @property
    def link_weight(self) -> float:
        """The weight, in bits, of a pair of probability ``link_at``."""
        return math.log2(self.link_at / (1 - self.link_at))

    def to_json(self) -> str:
        """The model as JSON: the same model gives the same text."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @staticmethod
    def from_json(text: str) -> "Model":
        """A model that to_json wrote."""
        return Model(**json.loads(text))


def starting_model(kind: KindConfig) -> Model:
    """The model that identity.yaml states: good weights before anything was trained, and no terms."""
    is_person = next(iter(kind.comparisons.values())).compare == "person_name"
    settings = {
        "prior": kind.prior,
        "comparisons": {
            name: {level: {"m": share.m, "u": share.u} for level, share in comparison.levels.items()}
            for name, comparison in kind.comparisons.items()
        },
    }
    return Model(
        "person" if is_person else "organisation", settings, {}, 0, kind.link_at, kind.link_only_at, kind.review_from
    )
