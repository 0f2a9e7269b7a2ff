"""Columns of a table through a function of texts, each distinct value or combination once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_BATCH_ROWS = 250_000


def in_batches(
    table: pa.Table, clean: Callable[[pa.RecordBatch], dict[str, pa.Array]], columns: Mapping[str, pa.DataType]
) -> pa.Table:
    """The table's other columns, then `columns` as `clean` makes them batch by batch; what it does not make is null."""
    others = [name for name in table.column_names if name not in columns]
    schema = pa.schema([*(table.schema.field(name) for name in others), *columns.items()])
    batches = []
    for batch in table.to_batches(max_chunksize=_BATCH_ROWS):
        made = clean(batch)
        arrays = [batch.column(name) for name in others]
        arrays += [made[name] if name in made else pa.nulls(len(batch), type_) for name, type_ in columns.items()]
        batches.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
    return pa.Table.from_batches(batches, schema=schema)


def texts(batch: pa.RecordBatch, name: str) -> pa.Array:
    """A column as text; nulls when the batch has none of this name."""
    if name not in batch.schema.names:
        return pa.nulls(len(batch), pa.string())
    return pc.cast(batch.column(name), pa.string())


def distinct(
    function: Callable[..., Sequence[Any]], types: Sequence[pa.DataType], *columns: pa.Array
) -> list[pa.Array]:
    """One array for each of `types`, of what `function` returns for each row's texts.

    :param function: takes a text or None for each column, returns a value for each type; the same for the same.
    """
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        encoded = column.dictionary_encode()
        position = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64) + 1
        codes = codes * (len(encoded.dictionary) + 1) + position
        codes = np.unique(codes, return_inverse=True)[1]
    _, first, row = np.unique(codes, return_index=True, return_inverse=True)
    firsts = [column.take(pa.array(first)).to_pylist() for column in columns]
    results = [function(*values) for values in zip(*firsts, strict=True)]
    rows = pa.array(row)
    return [pa.array([result[n] for result in results], type_).take(rows) for n, type_ in enumerate(types)]
