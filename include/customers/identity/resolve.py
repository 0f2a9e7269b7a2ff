"""The records of one person or organisation in files: ``./crm resolve``."""

import re
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from include.customers.cleaning.companies import clean_companies
from include.customers.cleaning.people import clean_people
from include.customers.errors import ResolveError
from include.customers.identity.clusters import cluster
from include.customers.identity.columns import FIELDS, ID, Column, ColumnError, recognise
from include.customers.identity.config import load_identity_config
from include.customers.identity.engine import score, train

_ASIDE = "__"  # begins the name of what is no column of a file


@dataclass(frozen=True)
class Quality:
    """Pairs of records: of one person by the truth, found in one cluster, and both; and their shares."""

    true_pairs: int
    found_pairs: int
    right_pairs: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Resolution:
    """What was found in files.

    :param columns: what each column was taken for.
    :param trained_on: records that the model was trained on; 0 for the starting model.
    :param links: pairs of at least the sure probability; ``reviews`` those below it that a person should see.
    """

    records: int
    columns: list[Column]
    trained_on: int
    links: int
    reviews: int
    clusters: int
    quality: Quality | None

    def as_dict(self) -> dict[str, Any]:
        """The figures, for JSON."""
        return asdict(self)

    def as_text(self) -> str:
        """The figures, a line each."""
        figures = {
            "records": self.records, "clusters": self.clusters,
            "sure pairs": self.links, "pairs to review": self.reviews,
        }  # fmt: skip
        lines = [f"{name:16}{figure:>12,}" for name, figure in figures.items()]
        if self.quality:
            found = self.quality
            lines += [
                f"{'true pairs':16}{found.true_pairs:>12,}", f"{'found pairs':16}{found.found_pairs:>12,}",
                f"{'right pairs':16}{found.right_pairs:>12,}", f"{'precision':16}{found.precision:>12.5f}",
                f"{'recall':16}{found.recall:>12.5f}", f"{'F1':16}{found.f1:>12.5f}",
            ]  # fmt: skip
        return "\n".join(lines)


def resolve(
    paths: Sequence[Path],
    kind: str = "person",
    mapping: dict[str, str] | None = None,
    truth: str | None = None,
    truth_pattern: str | None = None,
    out: Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Resolution:
    """Find the records of one person or organisation in CSV or Parquet files, all of them together.

    :param kind: person or organisation.
    :param mapping: column by field, for columns that their name and content do not tell.
    :param truth: a column that says who it truly is; it is used for nothing but the quality.
    :param truth_pattern: a regular expression that takes the truth out of that column: its first group, or all of it.
    :param out: a .csv or .parquet file for the records with their cluster's id, the smallest id of its records.
    :param tell: takes a line of progress.
    :raises ResolveError: when a file, column or pattern is not usable.
    """
    if out and out.suffix not in (".csv", ".parquet"):
        raise ResolveError(f"--out {out}: the name has to end in .csv or .parquet")
    table = _read(paths, tell)
    if truth and truth not in table.column_names:
        raise ResolveError(f"--truth {truth}: no such column; there are {', '.join(map(repr, table.column_names))}")
    try:
        # an id may be the truth as well: who has which id is no evidence
        columns = recognise(
            table, kind, mapping or {}, {f"{_ASIDE}file", *([truth] if truth and not _is_id(truth) else [])}
        )
    except ColumnError as error:
        raise ResolveError(str(error)) from None
    by_field = {column.field: column.name for column in columns if column.name != truth or column.field == ID}
    for column in columns:
        tell(f"{column.name!r} is taken for {column.field}, by {column.by}")
    if unused := [name for name in table.column_names if name not in by_field.values() and not name.startswith(_ASIDE)]:
        tell(f"left aside: {', '.join(map(repr, unused))}")
    if not set(by_field) - {ID}:
        raise ResolveError(f"no column is known; say what they are with --map, one of {', '.join(FIELDS[kind])}")
    ids = _ids(table, by_field.pop(ID, None), len(paths) > 1)
    truths = _truth(table, truth, truth_pattern) if truth else None
    tell(f"cleaning {len(table):,} records")
    records = pa.table({ID: ids, **{field: table[name] for field, name in by_field.items()}})
    records = clean_people(records) if kind == "person" else clean_companies(records)
    config = load_identity_config()
    settings = config.persons if kind == "person" else config.organisations
    tell("training" if len(table) >= settings.least_records else "too few records to train: the starting model is used")
    model = train(records, settings)
    tell("comparing")
    pairs = score(records, model, settings)
    links = pairs.filter(pc.greater_equal(pairs["probability"], model.link_only_at))
    clusters = cluster(ids, links.select(["id_a", "id_b", "weight"]), sure_from=model.link_weight)
    cluster_ids = clusters["cluster_id"].take(pc.index_in(ids, value_set=clusters["id"]))
    if out:
        _write(out, table, ids, cluster_ids)
        tell(f"written: {out}")
    return Resolution(
        len(table), columns, model.records, len(links), len(pairs) - len(links),
        pc.count_distinct(cluster_ids).as_py(), _quality(cluster_ids, truths) if truths is not None else None,
    )  # fmt: skip


def _read(paths: Sequence[Path], tell: Callable[[str], None]) -> pa.Table:
    tables = []
    for path in paths:
        table = _read_file(path)
        if not len(table):
            raise ResolveError(f"{path}: there is no record in it")
        tell(f"{path}: {len(table):,} records")
        tables.append(table.append_column(f"{_ASIDE}file", pa.array([path.name]).take(pa.array([0] * len(table)))))
    if len({path.name for path in paths}) < len(paths):
        raise ResolveError("two of the files have the same name: rename one, so that their records can be told apart")
    return pa.concat_tables(tables, promote_options="default").combine_chunks()


def _read_file(path: Path) -> pa.Table:
    """A file's columns as text, their names trimmed."""
    if path.is_dir():
        raise ResolveError(f"{path} is a directory: name the files in it")
    try:
        with path.open("rb") as file:
            start = file.read(2**16)
    except OSError as error:
        raise ResolveError(f"{path}: cannot be read: {error.strerror}") from None
    is_parquet = start.startswith(b"PAR1")
    if not start.strip():
        raise ResolveError(f"{path} is empty")
    if not is_parquet and b"\0" in start:
        raise ResolveError(f"{path} is neither text nor Parquet: save it as CSV (UTF-8) or Parquet")
    query = "from read_parquet(?)" if is_parquet else "from read_csv(?, all_varchar = true, header = true)"
    try:
        with closing(duckdb.connect()) as connection:
            found = connection.sql(query, params=[str(path)]).to_arrow_table()
    except duckdb.Error as error:
        what = str(error).splitlines()[0]
        raise ResolveError(f"{path}: cannot be read as {'Parquet' if is_parquet else 'CSV (UTF-8)'}: {what}") from None
    columns: dict[str, pa.ChunkedArray] = {}
    for name, column in zip(found.column_names, found.columns, strict=True):
        if not pa.types.is_nested(column.type):
            columns[name.strip()] = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return pa.table({name: pc.if_else(pc.equal(column, ""), None, column) for name, column in columns.items()})


def _is_id(name: str) -> bool:
    return recognise(pa.table({name: pa.array(["1"])}), "person", {}, set())[:1] == [Column(name, ID, "its name")]


def _ids(table: pa.Table, column: str | None, is_prefixed: bool) -> pa.Array:
    """Each record's id: its column's, or its place in its file; with the file's name if there are several."""
    names = table[f"{_ASIDE}file"].combine_chunks()
    if column:
        ids = table[column].combine_chunks()
    else:
        places: dict[str, int] = {}
        numbers = []
        for name in names.to_pylist():
            places[name] = places.get(name, 0) + 1
            numbers.append(str(places[name]))
        ids = pa.array(numbers)
    return pc.binary_join_element_wise(names, ids, ":") if is_prefixed else ids


def _truth(table: pa.Table, column: str, pattern: str | None) -> pa.Array:
    values = table[column].combine_chunks()
    if pattern is None:
        return values
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ResolveError(f"--truth-pattern {pattern}: not a regular expression: {error}") from None
    matches = [compiled.search(value) if value is not None else None for value in values.to_pylist()]
    if not any(matches):
        raise ResolveError(f"--truth-pattern {pattern} fits no value of {column!r}, such as {values[0].as_py()!r}")
    return pa.array([match.group(1 if compiled.groups else 0) if match else None for match in matches])


def _quality(clusters: pa.Array, truth: pa.Array) -> Quality:
    """Pairwise precision, recall and F1 over the records whose truth is known."""
    known = pa.table({"cluster": clusters, "truth": truth}).filter(pc.is_valid(truth))
    true, found, right = (_pairs(known, by) for by in (["truth"], ["cluster"], ["cluster", "truth"]))
    return Quality(
        true, found, right, right / found if found else 1.0, right / true if true else 1.0,
        2 * right / (found + true) if found + true else 1.0,
    )  # fmt: skip


def _pairs(table: pa.Table, by: list[str]) -> int:
    sizes = table.group_by(by).aggregate([([], "count_all")])["count_all"].to_numpy()
    return int((sizes * (sizes - 1) // 2).sum())


def _write(out: Path, table: pa.Table, ids: pa.Array, cluster_ids: pa.Array) -> None:
    names = [name for name in table.column_names if not name.startswith(_ASIDE)]
    written = pa.table({"cluster_id": cluster_ids, "record_id": ids, **{name: table[name] for name in names}})
    try:
        if out.suffix == ".parquet":
            pyarrow.parquet.write_table(written, out)
        else:
            pyarrow.csv.write_csv(written, out)
    except OSError as error:
        raise ResolveError(f"--out {out}: cannot be written: {error.strerror or error}") from None
