"""A sandbox company that went the whole way: pulled over HTTP, staged, built into core and marts."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg

from include.sources.config import load_source
from include.subjects import Subject
from include.warehouse.connection import Warehouse
from include.warehouse.core import build_core
from include.warehouse.marts import build_marts
from include.window import Window
from tests.deliveries import load
from tests.sandbox import running


@contextmanager
def built(
    url: str,
    source_name: str,
    subject: Subject,
    seed: int,
    start: date,
    end: date,
    size: Mapping[str, int],
    truths: Sequence[str],
) -> Iterator[tuple[psycopg.Connection, dict[str, Any]]]:
    """A subject's marts as of the company's last day, and what the sandbox tells to be true.

    :param url: a migrated, empty warehouse.
    :param end: the day after the last one.
    :param truths: names of the sandbox's truths, ``anomalies``.
    """
    warehouse = Warehouse(url)
    months = 12 * (end.year - start.year) + end.month - start.month
    now = f"{end}T00:00:00Z"
    arguments = ["--seed", str(seed), "--start", str(start), "--months", str(months), "--now", now]
    for name, number in size.items():
        arguments += [f"--{name}", str(number)]
    window = Window.between(start, end - timedelta(days=1))
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), *arguments) as sandbox:
        sandbox.set_clock(now)
        source = load_source(source_name)
        for entity in source.entities.values():
            delivery = sandbox.pull(source, entity, window)
            if delivery.pages:
                load(warehouse, delivery)
        told = {name: sandbox.ask("GET", f"truth/{name}") for name in truths}
    build_core(warehouse)
    build_marts(warehouse, subject, window, settle=True)
    with warehouse.connect() as connection:
        yield connection, told
