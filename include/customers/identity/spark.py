"""The engine on a Spark cluster: Spark finds the pairs, and its workers compare them, each part in a DuckDB of its own.

So one text of statements makes the scores, and Spark's are those of one process to the last digit. Spark's own
functions would not give them: the Jaro-Winkler similarity of its libraries rounds half a transposition otherwise.
"""

import socket
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa

from include.customers.errors import IdentityError
from include.customers.identity.duck import DuckDB, Rule
from include.settings import PROJECT

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

INSTALL_SPARK = "Run .venv/bin/pip install --requirement requirements-spark.txt"

# Pairs that a worker compares at once: setting a comparison up takes a third of a second, and a pair about a kilobyte.
_BATCH = 100_000

_SCORES = "a long, b long, weight double, probability double, agreement string"

Compare = Callable[[DuckDB], pa.Table]


def compare_on_spark(
    master: str,
    numbered: pa.Table,
    columns: Iterable[str],
    blocking: Iterable[Rule],
    compare: Compare,
    fresh: pa.Array | None = None,
) -> pa.Table:
    """Compare all records that any blocking rule brings together.

    :param master: the cluster's address.
    :param numbered: the matching columns, and ``row``, a number that is each record's own.
    :param columns: the matching columns that are used.
    :param compare: makes the scores of the pairs that a database has taken.
    :param fresh: rows; only pairs with one of these.
    :return: a, b (rows, a < b), weight, probability, agreement, by row.
    :raises IdentityError: when there is no pyspark, or no cluster at the address.
    """
    columns = sorted(columns)
    # pyspark warns of every release of pandas that is newer than itself; no pandas is used here
    with warnings.catch_warnings(action="ignore", category=FutureWarning), _session(master) as session:
        from pyspark.sql import functions as f

        records = session.createDataFrame(_plain(numbered, columns)).persist()
        keys = records.mapInArrow(partial(_keys, columns=columns, blocking=tuple(blocking)), "row long, key long")
        keys = keys.persist()
        one, other = keys.select("key", f.col("row").alias("l")), keys.select("key", f.col("row").alias("r"))
        if fresh is None:
            pairs = one.join(other, "key").where("l < r")
        else:
            pairs = one.join(session.createDataFrame(pa.table({"l": fresh})), "l").join(other, "key").where("l <> r")
            pairs = pairs.select(f.least("l", "r").alias("l"), f.greatest("l", "r").alias("r"))
        pairs = pairs.select("l", "r").distinct()
        for side in "lr":
            pairs = pairs.join(records.select(*(f.col(name).alias(f"{side}_{name}") for name in records.columns)),
                               f.col(side) == f.col(f"{side}_row"))  # fmt: skip
        found = pairs.mapInArrow(partial(_scores, columns=columns, compare=compare), _SCORES).toArrow()
    return found.sort_by([("a", "ascending"), ("b", "ascending")])


def _plain(numbered: pa.Table, columns: list[str]) -> pa.Table:
    """The columns that there are, in types that Spark has: text, and lists of it."""
    there = [name for name in columns if name in numbered.column_names and not pa.types.is_null(numbered[name].type)]
    text = {name: pa.list_(pa.string()) if pa.types.is_nested(numbered[name].type) else pa.string() for name in there}
    return numbered.select(["row", *there]).cast(pa.schema([("row", pa.int64()), *text.items()]))


def _keys(
    batches: Iterator[pa.RecordBatch], columns: list[str], blocking: tuple[Rule, ...]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        with DuckDB(pa.Table.from_batches([batch]), columns) as database:
            yield from database.keys(blocking).to_batches()


def _scores(batches: Iterator[pa.RecordBatch], columns: list[str], compare: Compare) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        pairs = pa.Table.from_batches([batch])
        names = [name.removeprefix("l_") for name in pairs.column_names if name.startswith("l_")]
        sides = [pairs.select([f"{side}_{name}" for name in names]).rename_columns(names) for side in "lr"]
        both = pa.concat_tables(sides)
        _, places = np.unique(both["row"].to_numpy(), return_index=True)
        with DuckDB(both.take(pa.array(places)), columns) as database:
            database.take_pairs(pairs.select(["l", "r"]))
            yield from compare(database).to_batches()


@contextmanager
def _session(master: str) -> Iterator["SparkSession"]:
    """A session that ends with the work, so that the cluster is free for others."""
    try:
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ImportError:
        raise IdentityError(
            f"identity.yaml says engine: spark, and pyspark is not installed. {INSTALL_SPARK}"
        ) from None
    builder = SparkSession.builder.master(master).appName("CRM Autopilot: identity")
    settings = {
        "spark.log.level": "ERROR",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(_BATCH),
    }
    if _is_here(master):
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    # Spark itself would try for a minute, and then tell it in a page of Java
    if reason := unreachable(master):
        raise IdentityError(f"no Spark master answers at {master}, the spark_master of identity.yaml: {reason}")
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except PySparkRuntimeError as error:
        raise IdentityError(f"Spark does not start; it needs Java 17 or newer: {error}") from None
    try:
        with tempfile.TemporaryDirectory(prefix="crm-spark-") as folder:
            session.sparkContext.addPyFile(str(_code(Path(folder))))
            yield session
    finally:
        session.stop()


def unreachable(master: str) -> str:
    """Why no standalone cluster answers at its address; empty when one does, or Spark finds it by other means."""
    address = urlsplit(master)
    if address.scheme != "spark":
        return ""
    try:
        socket.create_connection((address.hostname or "", address.port or 7077), timeout=10).close()
    except OSError as error:
        return str(error)
    return ""


def _is_here(master: str) -> bool:
    return master.startswith("local") or urlsplit(master).hostname in ("127.0.0.1", "localhost")


def _code(folder: Path) -> Path:
    """The project's own code for the workers, so that they run the very release that asks them."""
    path = folder / "include.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted((PROJECT / "include").rglob("*")):
            # a folder without __init__.py is a package only if the archive names it
            if file.suffix == ".py" or (file.is_dir() and file.name != "__pycache__"):
                archive.write(file, file.relative_to(PROJECT))
    return path
