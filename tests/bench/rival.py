"""The rival: dlt, as its documentation has one write it, at the settings that suit it best here.

The same job with less to do: rows are appended, nothing is compared with what is there, nothing is validated. Files go
to PostgreSQL by COPY (``csv``: faster here than its default of inserts), extraction and normalising run in one process
as by default, logging and telemetry are off.
"""

import os
import time
from pathlib import Path
from typing import Any

os.environ.update({"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL"})

import dlt
from dlt.sources.filesystem import filesystem, read_csv
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator


def contacts(base_url: str, size: int) -> Any:
    """The stand-in's contacts, by dlt's REST client."""

    @dlt.resource(name="contacts", primary_key="id", write_disposition="append")
    def pages() -> Any:
        client = RESTClient(
            base_url, paginator=JSONResponseCursorPaginator(cursor_path="paging.next.after", cursor_param="after")
        )
        yield from client.paginate("/contacts", params={"limit": size}, data_selector="results")

    return pages()


def orders(path: str) -> Any:
    """The order lines, by dlt's ``filesystem`` and ``read_csv``."""
    found = filesystem(bucket_url=Path(path).parent.as_uri(), file_glob="orders.csv")
    return (found | read_csv()).with_name("order_lines").apply_hints(write_disposition="append")


def load(url: str, resource: Any, folder: str) -> dict[str, float]:
    """Run the pipeline; seconds. (The rows that dlt reports are no use: its csv writer counts fields.)"""
    started = time.perf_counter()
    pipeline = dlt.pipeline(
        "bench", pipelines_dir=folder, destination=dlt.destinations.postgres(url), dataset_name="bench"
    )
    pipeline.run(resource, loader_file_format="csv")
    return {"seconds": time.perf_counter() - started}
