"""How fast the project loads, against dlt doing the same: ``python -m tests.bench [rest] [csv] [memory] [web] [dags]``.

Both sides write into the same embedded PostgreSQL, each time into a fresh database (ours with its migrations applied
beforehand), in turn, in a process of their own; a ratio is the median of the runs' ratios. Process start and imports
are left out for both sides, all else is in. Rows are counted in the server, never taken from a side's own report.
Nothing is asserted about speed: whether each aim is reached is printed.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from include.local.postgres import Cluster
from include.settings import PROJECT
from include.warehouse.connection import Warehouse
from include.warehouse.migrations import migrate
from tests.bench.data import write_orders
from tests.bench.server import serving
from tests.bench.web import crawls

BENCHES = ("rest", "csv", "memory", "web", "dags")
CONTACTS = 200_000
ORDER_LINES = 1_000_000
MEMORY_ROWS = 1_000_000
WEB_PAGES = 3_000
WARM_ROWS = 200
RUNS = 3

REST_AIM = 3.0
CSV_AIM = 10.0
MEMORY_AIM_MB = 500
DAG_AIM_SECONDS = 1.0


@dataclass(frozen=True)
class Line:
    """One line of a table, ``ours`` and ``rival`` in ``unit``: medians over the runs, ``seconds`` ours.

    ``rival`` is dlt's figure or the limit that is aimed at; ``reached`` is None where nothing is aimed at.
    """

    bench: str
    what: str
    unit: str
    ours: float
    rival: float | None
    ratio: float | None
    seconds: float
    reached: bool | None


class Server:
    """The embedded PostgreSQL of a benchmark, and fresh databases in it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    @contextmanager
    def database(self, is_migrated: bool) -> Iterator[str]:
        """The address of a database that is dropped afterwards."""
        name = f"bench_{uuid.uuid4().hex[:12]}"
        self._execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        url = self._cluster.url(name)
        try:
            if is_migrated:
                migrate(Warehouse(url))
            yield url
        finally:
            self._execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self._cluster.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


def main() -> None:
    """Run the benchmarks that are named, print a table for each."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("benches", nargs="*", metavar="|".join(BENCHES), help="all of them without any")
    parser.add_argument("--json", action="store_true", help="print the lines as JSON too, last")
    parser.add_argument(
        "--quick", action="store_true", help="a twentieth of the rows, once: tries the benchmark itself"
    )
    options = parser.parse_args()
    if unknown := set(options.benches) - set(BENCHES):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # leave no server and no folder behind
    wanted = [name for name in BENCHES if name in options.benches or not options.benches]
    share, runs = (20, 1) if options.quick else (1, RUNS)
    lines: list[Line] = []
    if "rest" in wanted or "csv" in wanted or "memory" in wanted:
        with _server() as server, tempfile.TemporaryDirectory(prefix="crm-bench-") as folder:
            if "rest" in wanted:
                lines += _shown(rest(server, CONTACTS // share, runs))
            if "csv" in wanted:
                lines += _shown(csv(server, Path(folder), ORDER_LINES // share, runs))
            if "memory" in wanted:
                lines += _shown(memory(server, Path(folder), MEMORY_ROWS // share))
    if "web" in wanted:
        lines += _shown(web(WEB_PAGES // share))
    if "dags" in wanted:
        lines += _shown(dags())
    if options.json:
        print(json.dumps([asdict(line) for line in lines]))


def rest(server: Server, rows: int, runs: int) -> list[Line]:
    """Contacts from an API into staging, validated, at 100 and at 1,000 a page."""
    lines = []
    for size in (100, 1_000):
        with serving(rows, size) as address, serving(WARM_ROWS, size) as small:
            job = {"what": "rest", "size": size, "rows": rows}
            results = _alternate(server, job, address, small, runs)
            reading = _measure(server, {**job, "side": "read"}, address, small)
            serving_alone = _measure(server, {**job, "side": "fetch"}, address, small)
        what = f"{rows:,} contacts, {size:,} a page"
        lines += [
            _against("rest", f"{what}: API to staging", results, "seconds", REST_AIM),
            _against("rest", f"{what}: API to raw", results, "raw_seconds", None),
            _limit("rest", f"{what}: reading alone", reading),
            _limit("rest", f"{what}: the stand-in alone", serving_alone),
            _busy("rest", what, results),
        ]
    return lines


def csv(server: Server, folder: Path, rows: int, runs: int) -> list[Line]:
    """A CSV file into staging, validated; the rival is dlt's filesystem and read_csv."""
    path, small = _orders(folder, rows), _orders(folder, WARM_ROWS)
    job = {"what": "csv", "rows": rows}
    results = _alternate(server, job, str(path), str(small), runs)
    reading = _measure(server, {**job, "side": "read"}, str(path), str(small))
    what = f"{rows:,} order lines of a CSV file"
    return [
        _against("csv", f"{what}: file to raw", results, "raw_seconds", CSV_AIM),
        _against("csv", f"{what}: file to staging", results, "seconds", CSV_AIM),
        _limit("csv", f"{what}: reading alone", reading),
        _busy("csv", what, results),
    ]


def memory(server: Server, folder: Path, rows: int) -> list[Line]:
    """The most memory that the loading process holds, all its imports included."""
    lines = []
    path, small = _orders(folder, rows), _orders(folder, WARM_ROWS)
    result = _measure(server, {"what": "csv", "side": "ours", "rows": rows}, str(path), str(small))
    lines.append(_memory_line(f"{rows:,} order lines of a CSV file", result))
    with serving(rows, 1_000) as address, serving(WARM_ROWS, 1_000) as few:
        result = _measure(server, {"what": "rest", "side": "ours", "size": 1_000, "rows": rows}, address, few)
    lines.append(_memory_line(f"{rows:,} contacts, 1,000 a page", result))
    return lines


def web(pages: int) -> list[Line]:
    """KB on the wire, both ways, of crawling a site that did not change since; the ratio is the first crawl's to it."""
    lines: list[Line] = []
    for crawl in crawls(pages):
        what = f"{pages:,} pages: {crawl['what']} ({crawl['body_bytes'] / 1e3:,.0f} KB of bodies)"
        ratio = lines[0].ours / (crawl["bytes"] / 1e3) if lines else None
        lines.append(Line("web", what, "KB", crawl["bytes"] / 1e3, None, ratio, crawl["seconds"], None))
    return lines


def dags() -> list[Line]:
    """Seconds to import each file of dags/ beyond importing Airflow, each in a process of its own."""
    lines = []
    for path in sorted((PROJECT / "dags").glob("*.py")):
        times = []
        for _ in range(RUNS):
            done = subprocess.run(
                [sys.executable, "-m", "tests.bench.parse", str(path)],
                cwd=PROJECT, capture_output=True, text=True, check=True,
            )  # fmt: skip
            times.append(float(done.stdout.split()[-1]))
        seconds = statistics.median(times)
        is_quick = seconds < DAG_AIM_SECONDS
        lines.append(Line("dags", f"dags/{path.name}", "s", seconds, DAG_AIM_SECONDS, None, seconds, is_quick))
    return lines


@contextmanager
def _server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="crm-bench-postgres-") as name:
        cluster = Cluster(Path(name))
        cluster.start()
        try:
            yield Server(cluster)
        finally:
            cluster.stop()
            elsewhere = Path(name) / "home"
            if elsewhere.exists():
                shutil.rmtree(Path(elsewhere.read_text().strip()), ignore_errors=True)


def _orders(folder: Path, rows: int) -> Path:
    path = folder / str(rows) / "orders.csv"
    if not path.exists():
        path.parent.mkdir()
        write_orders(path, rows)
        os.utime(path, (0, 0))  # a file of just now would be waited for
    return path


def _alternate(server: Server, job: dict[str, Any], source: str, small: str, runs: int) -> dict[str, list[dict]]:
    results: dict[str, list[dict]] = {"ours": [], "dlt": []}
    for _ in range(runs):
        for side, found in results.items():
            found.append(_measure(server, {**job, "side": side}, source, small))
    return results


def _measure(server: Server, job: dict[str, Any], source: str, small: str) -> dict[str, Any]:
    is_migrated = job["side"] == "ours"
    with server.database(is_migrated) as warm, server.database(is_migrated) as measured:
        places = {
            "warm": {"url": warm, "source": small, "rows": WARM_ROWS},
            "measure": {"url": measured, "source": source, "rows": job["rows"]},
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.child"],
            input=json.dumps({**job, **places}),  # not an argument: it holds a password
            cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        result = json.loads(done.stdout.splitlines()[-1])
        if job["side"] in ("ours", "dlt"):
            result["rows"] = _count(measured, job)
    if result["rows"] != job["rows"]:
        raise RuntimeError(f"{job['side']} loaded {result['rows']} rows of {job['rows']}: this measures nothing")
    return result


def _count(url: str, job: dict[str, Any]) -> int:
    """The rows that are in the server: no side's own count is believed."""
    if job["side"] == "dlt":
        tables = ["bench.contacts" if job["what"] == "rest" else "bench.order_lines"]
    else:
        tables = ["staging.customer" if job["what"] == "rest" else "staging.order_line", "ops.quarantine"]
    with psycopg.connect(url) as connection:
        counts = [
            connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(*table.split(".")))).fetchone()
            for table in tables
        ]
    return sum(count[0] for count in counts if count)


def _against(bench: str, what: str, results: dict[str, list[dict]], key: str, aim: float | None) -> Line:
    pairs = list(zip(results["ours"], results["dlt"], strict=True))
    ours = statistics.median(mine["rows"] / mine[key] for mine, _ in pairs)
    rival = statistics.median(its["rows"] / its["seconds"] for _, its in pairs)
    ratio = statistics.median(its["seconds"] / mine[key] for mine, its in pairs)
    seconds = statistics.median(mine[key] for mine, _ in pairs)
    return Line(bench, what, "rows/s", ours, rival, ratio, seconds, None if aim is None else ratio >= aim)


def _limit(bench: str, what: str, result: dict[str, Any]) -> Line:
    return Line(bench, what, "rows/s", result["rows"] / result["seconds"], None, None, result["seconds"], None)


def _busy(bench: str, what: str, results: dict[str, list[dict]]) -> Line:
    """What the limit is: our one Python process, or for the rest of the time the server that it waits for."""
    share = statistics.median(mine["cpu_seconds"] / mine["seconds"] for mine in results["ours"])
    seconds = statistics.median(mine["cpu_seconds"] for mine in results["ours"])
    return Line(bench, f"{what}: our process on the CPU", "%", 100 * share, None, None, seconds, None)


def _memory_line(what: str, result: dict[str, Any]) -> Line:
    what = f"{what} ({result['peak_mb_before']:.0f} MB of it imports)"
    reached = result["peak_mb"] < MEMORY_AIM_MB
    return Line("memory", what, "MB", result["peak_mb"], MEMORY_AIM_MB, None, result["seconds"], reached)


def _shown(lines: list[Line]) -> list[Line]:
    against = "dlt" if lines[0].bench in ("rest", "csv") else "limit"
    print(f"\n{lines[0].bench:66} {'unit':>6} {'ours':>10} {against:>10} {'ratio':>6} {'seconds':>8}  aim")
    for line in lines:
        ours, rival = _figure(line, line.ours), "" if line.rival is None else _figure(line, line.rival)
        ratio = "" if line.ratio is None else f"{line.ratio:.1f}"
        aim = {True: "reached", False: "MISSED", None: ""}[line.reached]
        print(f"{line.what:66} {line.unit:>6} {ours:>10} {rival:>10} {ratio:>6} {line.seconds:8.2f}  {aim}", flush=True)
    return lines


def _figure(line: Line, value: float) -> str:
    return f"{value:.2f}" if line.unit == "s" else f"{value:,.0f}"


if __name__ == "__main__":
    main()
