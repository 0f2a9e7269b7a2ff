"""One measurement in a process of its own: ``python -m tests.bench.child`` reads a job as JSON from
standard input and prints one line of JSON.

A small load into another database comes first, so that imports, which both sides put off until they are needed, are
not measured.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def peak_mb() -> float:
    """The most memory that this process has held, in MB of 2^20 bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count what the parent held before it started this process
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def run(job: dict[str, Any], where: dict[str, Any]) -> dict[str, float]:
    """Do a job (``side``, ``what``, ``size``); ``where`` has the database (``url``), ``source`` and its ``rows``."""
    if job["what"] == "mysql":
        from tests.bench import mysql

        return mysql.run(job, where)
    if job["side"] == "dlt":
        from tests.bench import rival

        with tempfile.TemporaryDirectory() as folder:
            is_rest = job["what"] == "rest"
            source = rival.contacts(where["source"], job["size"]) if is_rest else rival.orders(where["source"])
            return rival.load(where["url"], source, folder)
    from include.sources import SourceConnection
    from tests.bench import ours

    is_rest = job["what"] == "rest"
    source = ours.contacts_source(job["size"]) if is_rest else ours.orders_source()
    connection = SourceConnection(where["source"]) if is_rest else ours.files(where["source"])
    if job["side"] == "fetch":
        return ours.fetch_only(where["rows"], job["size"], connection)
    if job["side"] == "read":
        return ours.read_only(source, connection)
    return ours.load(where["url"], source, connection)


def main() -> None:
    """Warm up, measure, tell."""
    job = json.load(sys.stdin)
    run(job, job["warm"])
    before, cpu = peak_mb(), time.process_time()
    result = run(job, job["measure"])
    result.update(cpu_seconds=time.process_time() - cpu, peak_mb=peak_mb(), peak_mb_before=before)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
