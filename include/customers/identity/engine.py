"""Train a model of identity on records without labels, score pairs of records by it, and tell which are compared."""

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from splink import SettingsCreator, block_on
from splink import comparison_level_library as cll
from splink import comparison_library as cl
from splink.internals.exceptions import EMTrainingException

from include.customers.errors import IdentityError
from include.customers.identity.clusters import cluster
from include.customers.identity.comparisons import COMPARISONS
from include.customers.identity.config import Comparison, KindConfig
from include.customers.identity.duck import DuckDB
from include.customers.identity.model import Model, starting_model

SCORES = ("weight", "probability", "agreement")

# Every random choice is by a hash with this seed, so that the same records train the same model.
_SEED = 20

# Bits from which a personal value, such as the birth date, speaks clearly for one person: 128 to 1.
_CLEAR = 7

# A given name is common from this share of the records, and this many of them.
_COMMON, _COMMON_RECORDS = 0.0002, 10

# Records drawn to see how often strangers agree: half a million pairs of them.
_STRANGERS = 1_000

# Pairs that one rule draws to learn how often one person's records agree.
_EM_PAIRS = 1_000_000

# Records drawn to see how many pairs of all are of one person.
_PRIOR_RECORDS = 100_000

# Pairs of one person that a rule must bring for its lesson to count.
_LEAST_MATCHES = 20


def train(records: pa.Table, kind: KindConfig) -> Model:
    """Learn a model from the records themselves, without labels; the same records in any order give the same model.

    How often strangers agree (u) is counted on random pairs, of which those that the starting model takes for one
    person are left out. How often one person's records agree (m) is learnt by expectation maximisation on the pairs of
    each training rule, the prior likewise on a sample of all pairs that are compared. What identity.yaml states counts
    as one observation beside what was seen, so that a level that was never seen keeps a sensible weight.
    Fellegi and Sunter (1969), as in Splink.

    :param records: unique_id, each once, and the matching columns that there are.
    :return: the starting model when there are fewer than ``least_records``.
    :raises IdentityError: when unique_id is not there, empty or not unique.
    """
    start = starting_model(kind)
    numbered, _ = _numbered(records)
    if len(numbered) < kind.least_records:
        return start
    settings = _with_u(start.settings, numbered, kind)
    with _database(numbered, kind) as database:
        terms = {column: database.terms(column) for column in _term_columns(kind)}
        settings = _with_m(settings, database, kind)
    trained = replace(start, settings=settings, terms=terms, records=len(numbered))
    return replace(trained, settings=_rounded({**settings, "prior": _prior(numbered, trained, kind)}))


def score(
    records: pa.Table,
    model: Model,
    kind: KindConfig,
    *,
    at_least: float | None = None,
    fresh: pa.Array | pa.ChunkedArray | None = None,
) -> pa.Table:
    """Compare all records that any blocking rule brings together.

    A pair's score depends on its two records and the model, never on which other records there are: how common a value
    is, the model says. So scoring day by day gives the pairs of one full run.

    :param records: unique_id, each once, and the matching columns that there are.
    :param at_least: least probability of a pair that is told; the model's ``review_from`` unless given.
    :param fresh: ids of records that are new: only pairs with at least one of them. All pairs unless given.
    :return: id_a, id_b (id_a < id_b), weight (bits: the logarithm to base 2 of the odds), probability, and agreement
        (JSON: the bits of each comparison, null where a value is missing), a row a pair, by id.
    :raises IdentityError: when unique_id is not there, empty or not unique, or the model is of other comparisons.
    """
    numbered, ids = _numbered(records)
    least = model.review_from if at_least is None else at_least
    found = _score(numbered, model, kind, least, None if fresh is None else pc.index_in(fresh, value_set=ids))
    return pa.table({"id_a": ids.take(found["a"]), "id_b": ids.take(found["b"]), **{c: found[c] for c in SCORES}})


def block_keys(records: pa.Table, kind: KindConfig) -> pa.Table:
    """What brings records together: two are compared if and only if they share a key.

    :param records: unique_id, each once, and the matching columns that there are.
    :return: unique_id and key (64 bits, made of a rule and its values), a row a record, rule and member of a list.
    """
    numbered, ids = _numbered(records)
    with _database(numbered, kind) as database:
        keys = database.keys(kind.blocking)
    return pa.table({"unique_id": ids.take(keys["row"]), "key": keys["key"]})


def _numbered(records: pa.Table) -> tuple[pa.Table, pa.Array]:
    """The records with ``row``, their place in the order of their ids, and the ids in that order."""
    if "unique_id" not in records.column_names:
        raise IdentityError("the records have no column unique_id")
    given = records["unique_id"].combine_chunks()
    order = pc.sort_indices(given)
    ids = given.take(order)
    if given.null_count:
        raise IdentityError(f"{given.null_count} of {len(given)} records have no unique_id")
    if len(ids) > 1 and pc.any(pc.equal(ids[1:], ids[:-1])).as_py():
        twice = ids.filter(pa.array(np.r_[False, pc.equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)]))
        raise IdentityError(
            f"{len(twice)} records have a unique_id that another has too, {twice[0].as_py()!r} among them"
        )
    rows = np.empty(len(ids), np.int64)
    rows[order.to_numpy()] = np.arange(len(ids))
    return records.append_column("row", pa.array(rows)), ids


def _score(
    numbered: pa.Table, model: Model, kind: KindConfig, at_least: float, fresh: pa.Array | None = None
) -> pa.Table:
    """Pairs as rows ``a`` < ``b`` with their scores; ``at_least`` 0 tells all that were compared."""
    known = {name: set(levels) for name, levels in model.settings["comparisons"].items()}
    if known != {name: set(comparison.levels) for name, comparison in kind.comparisons.items()}:
        raise IdentityError("the model has other comparisons than identity.yaml now states: train it again")
    least_weight = _bits(at_least) if at_least > 0 else -1e6  # no weight is below it
    if kind.engine == "spark":
        from include.customers.identity.spark import compare_on_spark  # pyspark is an extra

        compare = partial(_compare, model=model, kind=kind, least_weight=least_weight)
        return compare_on_spark(kind.spark_master or "", numbered, _matching(kind), kind.blocking, compare, fresh)
    with _database(numbered, kind) as database:
        database.block(kind.blocking, fresh)
        return _compare(database, model, kind, least_weight)


def _compare(database: DuckDB, model: Model, kind: KindConfig, least_weight: float) -> pa.Table:
    """The scores of the pairs that a database has found or taken."""
    terms = database.share_terms(model.terms, model.records) if model.terms else {}
    table = database.predict(_settings(model.settings, kind, with_terms=bool(terms)), terms, least_weight)
    return database.table(_scores(table, model, kind, least_weight))


def _scores(table: str, model: Model, kind: KindConfig, least_weight: float) -> str:
    """The statement that makes scores of Splink's weights.

    Where the names contradict each other, what a household or an office shares is no evidence: it is left out if it
    speaks for one person, unless a personal value, one that is silent nowhere, speaks clearly. That only lowers a
    weight, so Splink's own filter has lost none.
    """
    first, named = next(iter(kind.comparisons.items()))
    weights = {
        name: f"mw_{name}" + (f" + mw_tf_adj_{name}" if model.terms and COMPARISONS[one.compare].terms else "")
        for name, one in kind.comparisons.items()
    }
    personal = [
        f"{weights[name]} > {_CLEAR}" for name, one in kind.comparisons.items() if name != first and not one.silent_at
    ]
    for name, comparison in kind.comparisons.items():
        if comparison.silent_at:
            contradicted = " or ".join(_at(first, named, level, model) for level in comparison.silent_at)
            silent = f"({contradicted}) and not ({' or '.join(personal) or 'false'})"
            weights[name] = f"case when {silent} then least({weights[name]}, 0) else {weights[name]} end"
    parts = ", ".join(f"{weight} as w_{name}, gamma_{name} as g_{name}" for name, weight in weights.items())
    total = " + ".join([repr(_bits(model.settings["prior"])), *(f"w_{name}" for name in weights)])
    agreement = ", ".join(f"'{name}', case when g_{name} >= 0 then round(w_{name}, 2) end" for name in weights)
    return f"""
        select a, b, weight, 1 / (1 + pow(2, -weight)) as probability, agreement
        from (
            select a, b, {total} as weight, json_object({agreement})::varchar as agreement
            from (select row_l as a, row_r as b, {parts} from {table})
        )
        where weight >= {least_weight!r}::double
        order by a, b
    """  # noqa: S608


def _at(first: str, named: Comparison, level: str, model: Model) -> str:
    """Whether the names of a pair are at a level: at family_only also two given names that are close but both common.

    A typing error makes a name that hardly anybody has; Mark and Mary are two people.
    """
    levels = list(named.levels)
    at = f"gamma_{first} = {len(levels) - 1 - levels.index(level)}"
    if level != "family_only" or not model.terms:
        return at
    common = max(_COMMON, _COMMON_RECORDS / model.records)
    close = len(levels) - 1 - levels.index("given_close")
    return f"{at} or gamma_{first} = {close} and least(tf_given_key_l, tf_given_key_r) >= {common!r}"


def _settings(
    settings: dict[str, Any], kind: KindConfig, with_terms: bool, only: set[str] | None = None, is_u_known: bool = True
) -> SettingsCreator:
    """Splink's settings of a model, with the comparisons ``only``."""
    comparisons: list[Any] = []
    for name, comparison in kind.comparisons.items():
        if only is not None and name not in only:
            continue
        levels: list[Any] = []
        creators = COMPARISONS[comparison.compare].make(comparison.column or "")
        for level, creator in {**creators, comparison.last: cll.ElseLevel()}.items():
            if not with_terms:
                creator.configure(tf_adjustment_column=None)
            if level == "missing":
                levels.append(creator.configure(is_null_level=True))
                continue
            share = settings["comparisons"][name][level]
            creator.configure(label_for_charts=level, m_probability=share["m"])
            levels.append(creator.configure(u_probability=share["u"]) if is_u_known else creator)
        comparisons.append(cl.CustomComparison(levels, output_column_name=name))
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=comparisons,
        unique_id_column_name="row",
        probability_two_random_records_match=settings["prior"],
        retain_intermediate_calculation_columns=True,
        max_iterations=100,
    )


def _with_u(settings: dict[str, Any], numbered: pa.Table, kind: KindConfig) -> dict[str, Any]:
    """Settings with the u probabilities of random pairs of the records."""
    start = starting_model(kind)
    drawn = _drawn(numbered, _STRANGERS)
    suspects = _score(drawn, start, kind, start.review_from)
    clusters = cluster(drawn["row"], suspects.select(["a", "b", "weight"]))
    strangers = drawn.filter(pc.is_in(drawn["row"], pc.unique(clusters["cluster_id"])))
    pairs = len(strangers) * (len(strangers) - 1) / 2
    with _database(strangers, kind) as database:
        filled = _filled(database, kind)
        linker = database.linker(_settings(settings, kind, with_terms=False, only=set(filled), is_u_known=False))
        linker.training.estimate_u_using_random_sampling(max_pairs=1e9, min_count_per_level=None, num_chunks=1)
        seen = {
            (comparison["output_column_name"], level["label_for_charts"]): level["u_probability"]
            for comparison in linker.misc.save_model_to_json()["comparisons"]
            for level in comparison["comparison_levels"]
            if "u_probability" in level
        }
    return {
        **settings,
        "comparisons": {
            name: {
                level: {
                    **share,
                    "u": _blended(seen.get((name, level), 0.0), pairs * filled.get(name, 0.0) ** 2, share["u"]),
                }
                for level, share in levels.items()
            }
            for name, levels in settings["comparisons"].items()
        },
    }


def _with_m(settings: dict[str, Any], database: DuckDB, kind: KindConfig) -> dict[str, Any]:
    """Settings with the m probabilities that the pairs of the training rules teach."""
    filled = _filled(database, kind)
    matches = dict.fromkeys(filled, 0.0)
    seen = {(name, level): 0.0 for name in filled for level in kind.comparisons[name].levels}
    for rule in kind.training:
        pairs = min(database.pairs_of(rule), _EM_PAIRS)
        if pairs < _LEAST_MATCHES:
            continue
        # each rule starts from the same settings, so that their order is nothing
        linker = database.linker(_settings(settings, kind, with_terms=False, only=set(filled)))
        try:
            session = linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*rule), estimate_without_term_frequencies=True, max_pairs=_EM_PAIRS
            )
        except EMTrainingException:  # the rule uses up every comparison
            continue
        learnt = session.core_model_settings
        weight = learnt.probability_two_random_records_match * pairs
        if weight < _LEAST_MATCHES:
            continue
        for comparison in learnt.comparisons:
            matches[comparison.output_column_name] += weight
            for level in comparison.comparison_levels:
                if not level.is_null_level:
                    seen[comparison.output_column_name, level.label_for_charts] += weight * (level.m_probability or 0)
    return {
        **settings,
        "comparisons": {
            name: {
                level: {**share, "m": _blended(seen[name, level] / matches[name], matches[name], share["m"])}
                if matches.get(name)
                else share
                for level, share in levels.items()
            }
            for name, levels in settings["comparisons"].items()
        },
    }


def _prior(numbered: pa.Table, model: Model, kind: KindConfig) -> float:
    """The probability that two records drawn at random are of one person, by expectation maximisation."""
    drawn = _drawn(numbered, _PRIOR_RECORDS)
    all_pairs = len(drawn) * (len(drawn) - 1) / 2
    weights = _score(drawn, model, kind, 0.0)["weight"].to_numpy() - _bits(model.settings["prior"])
    prior = model.settings["prior"]
    for _ in range(100):
        before, odds = prior, np.exp2(np.clip(weights + _bits(prior), -1000, 1000))
        prior = float(np.clip(np.sum(odds / (1 + odds)) / all_pairs, 1 / all_pairs, 0.5))
        if abs(prior - before) < 1e-6 * before:
            break
    return prior


def _drawn(numbered: pa.Table, most: int) -> pa.Table:
    """At most so many of the records; the same ones whatever their order."""
    if len(numbered) <= most:
        return numbered
    rows = np.random.default_rng(_SEED).choice(len(numbered), most, replace=False)
    return numbered.filter(pc.is_in(numbered["row"], pa.array(rows)))


def _filled(database: DuckDB, kind: KindConfig) -> dict[str, float]:
    """The comparisons for which there is anything to compare, and the share of records that has it."""
    shares = {
        name: max(database.filled(column) for column in COMPARISONS[one.compare].columns or (one.column or "",))
        for name, one in kind.comparisons.items()
    }
    return {name: share for name, share in shares.items() if share}


def _blended(share: float, seen: float, stated: float) -> float:
    """A share of ``seen`` observations, with what is stated counting as one observation of the level."""
    return (share * seen + 1) / (seen + 1 / stated)


def _bits(probability: float) -> float:
    return math.log2(probability / (1 - probability))


def _rounded(value: Any) -> Any:
    """To six digits: sums of floating-point numbers differ in the last when threads take turns."""
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return float(f"{value:.6g}")


def _database(numbered: pa.Table, kind: KindConfig) -> DuckDB:
    return DuckDB(numbered, _matching(kind))


def _matching(kind: KindConfig) -> set[str]:
    """The matching columns that a kind's rules and comparisons read."""
    columns = {item.partition(":")[0] for rule in kind.blocking for item in rule}
    columns |= {column for rule in kind.training for column in rule}
    for comparison in kind.comparisons.values():
        columns |= set(COMPARISONS[comparison.compare].columns or (comparison.column or "",))
    return columns


def _term_columns(kind: KindConfig) -> list[str]:
    return sorted(
        {
            column or comparison.column or ""
            for comparison in kind.comparisons.values()
            for column in COMPARISONS[comparison.compare].terms
        }
    )
