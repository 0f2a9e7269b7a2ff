"""How records of one person or organisation are found: include/config/identity.yaml."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from include.config_files import StrictModel, read_config
from include.customers.identity.comparisons import COMPARISONS
from include.settings import CONFIG

_Column = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
_Item = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(:[1-9][0-9]?)?$")]
_Share = Annotated[float, Field(gt=0, lt=1)]


class Level(StrictModel):
    """How common a level is: ``m`` among pairs of records of one person, ``u`` among pairs of two; both 0 to 1."""

    m: _Share
    u: _Share


class Comparison(StrictModel):
    """What of two records is compared, and what each outcome is worth before anything was trained.

    :param compare: a kind of comparison of comparisons.COMPARISONS.
    :param column: the matching column, for the kinds that compare one of any name.
    :param silent_at: levels of the first comparison at which agreement on this one is no evidence: strangers share it.
    :param levels: every level of the kind, in its order.
    """

    compare: str
    column: _Column | None = None
    silent_at: tuple[str, ...] = ()
    levels: dict[str, Level]

    @model_validator(mode="after")
    def _known(self) -> "Comparison":
        kind = COMPARISONS.get(self.compare)
        if kind is None:
            raise ValueError(f"compare: {self.compare} is none of {', '.join(COMPARISONS)}")
        if kind.is_of_any_column != (self.column is not None):
            raise ValueError(f"{self.compare} {'needs a' if kind.is_of_any_column else 'takes no'} column:")
        if tuple(self.levels) != kind.levels:
            raise ValueError(f"levels of {self.compare} are {', '.join(kind.levels)}, in this order")
        return self

    @property
    def last(self) -> str:
        """The level of everything else."""
        return next(reversed(self.levels))


class KindConfig(StrictModel):
    """How persons, or organisations, are matched.

    :param engine: where pairs are compared: in this process, or on a Spark cluster, which finds the same.
    :param spark_master: the cluster's address, such as spark://host:7077; needed for Spark only.
    :param prior: probability that two records drawn at random are of one person, until it is trained.
    :param comparisons: by name; the first is of the name, and others may be silent at some of its levels.
    :param blocking: two records are compared if any of these rules has all of its items equal; an item is a matching
        column, ``column:n`` its first n characters, and a column of lists is equal where the lists share a member.
    :param training: the rules that pairs are drawn by to learn the m probabilities; plain columns only.
    :param least_records: with fewer records nothing is trained, and the probabilities stated here are used.
    :param link_at: probability from which two records are one person for sure.
    :param link_only_at: probability from which they are if neither has another candidate.
    :param review_from: probability from which a person should look at a pair.
    """

    engine: Literal["duckdb", "spark"] = "duckdb"
    spark_master: Annotated[str, Field(pattern=r"^(spark|k8s|local|yarn)\S*$")] | None = None
    prior: _Share
    comparisons: dict[_Column, Comparison]
    blocking: tuple[tuple[_Item, ...], ...] = Field(min_length=1)
    training: tuple[tuple[_Column, ...], ...] = Field(min_length=1)
    least_records: int = Field(ge=2)
    link_at: _Share
    link_only_at: _Share
    review_from: _Share

    @model_validator(mode="after")
    def _fits(self) -> "KindConfig":
        if self.engine == "spark" and self.spark_master is None:
            raise ValueError("engine: spark needs the cluster's address: spark_master: spark://host:7077")
        if not self.comparisons:
            raise ValueError("comparisons: name at least one")
        if not self.review_from <= self.link_only_at <= self.link_at:
            raise ValueError("review_from, link_only_at and link_at: each must be at least the one before it")
        first = next(iter(self.comparisons.values()))
        for name, comparison in self.comparisons.items():
            if unknown := set(comparison.silent_at) - set(first.levels):
                raise ValueError(f"comparisons.{name}.silent_at: no level {', '.join(sorted(unknown))} in the first")
        return self


class IdentityConfig(StrictModel):
    """The file include/config/identity.yaml."""

    persons: KindConfig
    organisations: KindConfig


def load_identity_config() -> IdentityConfig:
    """Read include/config/identity.yaml.

    :raises ConfigError: when it is not as it should be.
    """
    return read_config(CONFIG / "identity.yaml", IdentityConfig)
