"""The book of fitted models, ops.model_run: the same window over the same data is fitted once."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg


@dataclass(frozen=True)
class Training:
    """What a model is to be fitted on.

    :param model: its name, ``bg_nbd``.
    :param subject: what it tells of, ``customers``; with the part of them where there are several, ``customers USD``.
    :param window_start, window_end: the events that it learns from.
    :param features: what it looks at, with its settings.
    :param fingerprint: a checksum of the data: late events make it another; or their :func:`rough_size`.
    :param rows: how many rows the data have.
    """

    model: str
    subject: str
    window_start: datetime
    window_end: datetime
    features: dict[str, Any]
    fingerprint: str
    rows: int

    @property
    def model_run_id(self) -> str:
        """The same for the same model, window and data, whenever and wherever it is fitted."""
        told = json.dumps(
            [self.model, self.subject, str(self.window_start), str(self.window_end), self.features, self.fingerprint],
            sort_keys=True,
        )
        return f"{self.model}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Fitted:
    """What came out: parameters, None when there is no model, and figures of how good it is, or the ``reason``."""

    parameters: dict[str, Any] | None
    scores: dict[str, Any]


def fingerprint(*data: np.ndarray) -> str:
    """A checksum of the data of a training."""
    told = hashlib.sha256()
    for array in data:
        told.update(np.ascontiguousarray(array).tobytes())
    return told.hexdigest()


def rough_size(rows: int) -> str:
    """In place of a checksum, for a model that is fitted once a month: another one only when the rows have doubled.

    Late events change a few of many rows, and reading all of them each day to see that would cost more than it tells;
    but a history that came after its month has to be learned from.
    """
    return f"2^{rows.bit_length()}"


def fit_once(connection: psycopg.Connection, training: Training, fit: Callable[[], Fitted]) -> Fitted:
    """What the book has of this training, else what ``fit`` makes of it, which is then in the book."""
    found = connection.execute(
        "select parameters, scores from ops.model_run where model_run_id = %s", [training.model_run_id]
    ).fetchone()
    if found:
        return Fitted(*found)
    started = time.monotonic()
    fitted = fit()
    connection.execute(
        "insert into ops.model_run (model_run_id, model, subject, window_start, window_end, features, fingerprint,"
        " parameters, scores, rows, seconds) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            training.model_run_id,
            training.model,
            training.subject,
            training.window_start,
            training.window_end,
            json.dumps(training.features),
            training.fingerprint,
            None if fitted.parameters is None else json.dumps(fitted.parameters),
            json.dumps(fitted.scores),
            training.rows,
            round(time.monotonic() - started, 3),
        ],
    )
    # what is read back is what a later run will read: figures come back as they went, lists for tuples
    return Fitted(json.loads(json.dumps(fitted.parameters)), json.loads(json.dumps(fitted.scores)))
