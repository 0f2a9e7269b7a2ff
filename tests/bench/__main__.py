"""How fast the project loads, against dlt doing the same: ``python -m tests.bench [rest|csv|memory|…] …``.

Both sides write into the same embedded PostgreSQL, each time into a fresh database (ours with its migrations applied
beforehand), in turn, in a process of their own; a ratio is the median of the runs' ratios. Process start and imports
are left out for both sides, all else is in. Rows are counted in the server, never taken from a side's own report.
Nothing is asserted about speed: whether each aim is reached is printed.
"""

import argparse
import json
import math
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from include.local.postgres import Cluster
from include.replies.config import load_replies
from include.replies.intents import fit
from include.settings import PROJECT
from include.warehouse.connection import Warehouse
from include.warehouse.migrations import migrate
from tests import answer_days, reminder_days
from tests.bench import budget, customers, truth
from tests.bench import extracts as extracts_bench
from tests.bench import mysql as mysql_table
from tests.bench import pages as pages_bench
from tests.bench import replies as replies_bench
from tests.bench import reports as reports_bench
from tests.bench import sales as sales_marts
from tests.bench import sales_models as sales_models_bench
from tests.bench import search as customer_search
from tests.bench import service as service_marts
from tests.bench import service_models as service_models_bench
from tests.bench.data import write_orders
from tests.bench.server import serving
from tests.bench.web import crawls

CONTACTS = 200_000
ORDER_LINES = 1_000_000
TABLE_ROWS = 1_000_000
MEMORY_ROWS = 1_000_000
BUDGET_ROWS = 10_000
WEB_PAGES = 3_000
WARM_ROWS = 200
CUSTOMER_DAYS, CUSTOMERS, CUSTOMER_AIM = 60, 900, 98.0
REMINDER_DAYS = ANSWER_DAYS = 30
RUNS = 3

REST_AIM = 3.0
CSV_AIM = 10.0
MEMORY_AIM_MB = 500
DAG_AIM_SECONDS = 1.0
HOOK_AIM_SECONDS = 30.0
SEARCHED_CUSTOMERS, SEARCHES = 1_000_000, 200
SEARCH_AIM_MS = 100.0
PAGE_TIMES, PAGE_AIM_MS = 20, 1000.0
SCREEN_AIM_SECONDS = 60.0
PEOPLE = 1_000_000
PEOPLE_AIM_SECONDS, PEOPLE_AIM_MB, PEOPLE_AIM_F1, LATER_AIM_SECONDS = 45.0, 4096, 0.985, 5.0
EXTRACTED_ROWS, EXTRACT_AIM_SECONDS = 1_000_000, 15.0
SALES_DEALS = 1_000_000
SERVICE_TICKETS = 1_000_000
SERVICE_AIM_SECONDS = {"business time": 20.0, "a year from scratch": 600.0, "one more day": 60.0}
SALES_AIM_SECONDS = {"a year from scratch": 600.0, "one more day": 60.0}
REPORTED_CUSTOMERS, REPORTS_AIM_SECONDS, REPORTS_AIM_MB = 1_000_000, 60.0, 1024.0
HOOKS, HOOK_BURST, HOOK_PAUSE_SECONDS = 20, 200, 4.0


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


class Setting(ExitStack):
    """How much is measured, and how often; the server and the folder are made when the first benchmark needs them."""

    def __init__(self, share: int, runs: int) -> None:
        super().__init__()
        self.share, self.runs = share, runs

    @cached_property
    def server(self) -> Server:
        return self.enter_context(_server())

    @cached_property
    def folder(self) -> Path:
        return Path(self.enter_context(tempfile.TemporaryDirectory(prefix="crm-bench-")))


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
    lines: list[Line] = []
    with Setting(20 if options.quick else 1, 1 if options.quick else RUNS) as setting:
        for name, bench in BENCHES.items():
            if name in options.benches or not options.benches:
                lines += _shown(bench(setting))
    if options.json:
        print(json.dumps([asdict(line) for line in lines]))


def rest(setting: Setting) -> list[Line]:
    """Contacts from an API into staging, validated, at 100 and at 1,000 a page."""
    server, rows, runs = setting.server, CONTACTS // setting.share, setting.runs
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


def csv(setting: Setting) -> list[Line]:
    """A CSV file into staging, validated; the rival is dlt's filesystem and read_csv."""
    server, rows, runs = setting.server, ORDER_LINES // setting.share, setting.runs
    path, small = _orders(setting.folder, rows), _orders(setting.folder, WARM_ROWS)
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


def memory(setting: Setting) -> list[Line]:
    """The most memory that the loading process holds, all its imports included."""
    server, rows = setting.server, MEMORY_ROWS // setting.share
    lines = []
    path, small = _orders(setting.folder, rows), _orders(setting.folder, WARM_ROWS)
    result = _measure(server, {"what": "csv", "side": "ours", "rows": rows}, str(path), str(small))
    lines.append(_memory_line(f"{rows:,} order lines of a CSV file", result))
    with serving(rows, 1_000) as address, serving(WARM_ROWS, 1_000) as few:
        result = _measure(server, {"what": "rest", "side": "ours", "size": 1_000, "rows": rows}, address, few)
    lines.append(_memory_line(f"{rows:,} contacts, 1,000 a page", result))
    return lines


def through_budget(setting: Setting) -> list[Line]:
    """Contacts from an API that answers 100 requests in any 10 s, pulled by two processes at once."""
    rows = BUDGET_ROWS // setting.share
    lines = []
    for size in (100, 25):
        with setting.server.database(is_migrated=True) as url:
            result = budget.measure(url, rows, size)
        what = f"{rows:,} contacts, {size} a page, {result['requests']} requests"
        is_kept = result["refused"] == 0
        lines += [
            Line("budget", f"{what}: refused", "429", result["refused"], 0, None, result["seconds"], is_kept),
            Line(
                "budget", f"{what}: API to raw", "s", result["seconds"], result["least"], None, result["seconds"], None
            ),
        ]
    return lines


def mysql(setting: Setting) -> list[Line]:
    """A table of MySQL into staging, validated; the rival is dlt's sql_database."""
    if not mysql_table.URL:
        print("mysql is left out: CRM_TEST_MYSQL_URL names no server")
        return []
    server, rows, runs = setting.server, TABLE_ROWS // setting.share, setting.runs
    with mysql_table.filled(rows) as address, mysql_table.filled(WARM_ROWS) as small:
        job = {"what": "mysql", "rows": rows}
        results = _alternate(server, job, address, small, runs)
        reading = _measure(server, {**job, "side": "read"}, address, small)
    what = f"{rows:,} rows of a MySQL table"
    most = max(results["ours"], key=lambda result: result["peak_mb"])
    return [
        _against("mysql", f"{what}: table to raw", results, "raw_seconds", None),
        _against("mysql", f"{what}: table to staging", results, "seconds", None),
        _limit("mysql", f"{what}: reading alone", reading),
        _busy("mysql", what, results),
        replace(_memory_line(what, most), bench="mysql"),
    ]


def against_truth(setting: Setting) -> list[Line]:
    """Records of each entity that were pulled, against those that there are; reached when none is lost or doubled."""
    started = time.perf_counter()
    with setting.server.database(is_migrated=True) as url:
        found = truth.compare(url)
    seconds = time.perf_counter() - started
    return [
        Line(
            "truth", f"{one.source} {one.entity}: {one.lost} lost, {one.doubled} doubled", "rows",
            one.there - one.lost + one.doubled, one.there, None, seconds, one.lost == one.doubled == 0,
        )
        for one in found
    ]  # fmt: skip


def one_customer(setting: Setting) -> list[Line]:
    """Whether people and firms are found again, and whether the order of loading changes an id."""
    days, people = max(4, CUSTOMER_DAYS // setting.share), CUSTOMERS // setting.share
    started = time.perf_counter()
    with ExitStack() as stack:
        urls = [stack.enter_context(setting.server.database(is_migrated=True)) for _ in range(4)]
        found = customers.compare(urls, days, people)
    seconds = time.perf_counter() - started
    return [
        Line("customers", f"{days} days in three orders: records whose id differs", "rows", found.different, 0, None,
             seconds, found.different == 0),
        Line("customers", f"of {found.given:,} ids given out on the way, resolve to nobody", "ids", found.lost, 0, None,
             seconds, found.lost == 0),
        *(
            Line("customers", f"{one.records:,} records of a {one.kind}: pairwise F1, in %", "F1", 100 * one.f1,
                 CUSTOMER_AIM, None, seconds, 100 * one.f1 >= CUSTOMER_AIM)
            for one in found.found
        ),
    ]  # fmt: skip


def sales_models(setting: Setting) -> list[Line]:
    """How good forecasts, chances, anomalies and clusters are, on companies with seeds of their own and on Maven."""
    lines: list[Line] = []

    def line(what: str, unit: str, figure: float, aim: float | None, is_reached: bool | None) -> None:
        lines.append(Line("sales_models", what, unit, figure, aim, None, 0.0, is_reached))

    def forecast(found: sales_models_bench.Forecast) -> None:
        what = f"{found.what}: forecast of bookings against seasonal naive (season {found.season} weeks)"
        line(f"{what}, weeks", "ratio", found.relative, 0.75, found.relative <= 0.75)
        line(f"{what}, sums of four weeks", "ratio", found.months_relative, 0.75, found.months_relative <= 0.75)
        for level, share in found.inside.items():
            line(f"{found.what}: weeks inside the {level} % interval", "%", 100 * share, level, None)
        for level, share in found.months_inside.items():
            line(f"{found.what}: sums of four weeks inside the {level} % interval", "%", 100 * share, level, None)

    for seed in sales_models_bench.SEEDS[: 1 if setting.share > 1 else None]:
        with (
            setting.server.database(is_migrated=True) as url,
            sales_models_bench.company(url, seed, 1) as (connection, planted),
        ):
            last_day = date(sales_models_bench.START.year + 2, 1, 1) - timedelta(days=1)
            what = f"sandbox seed {seed}"
            forecast(sales_models_bench.forecasts(connection, what, last_day))
            for _, score, _ in sales_models_bench.scores(connection, "win_probability"):
                aim = score.get("brier_stage_rate")
                line(f"{what}: Brier score of chances on later deals (stage rates: aim)", "ratio", score["brier"], aim,
                     score["brier"] < aim)  # fmt: skip
                line(f"{what}: their calibration error (stage rates: aim)", "ratio", score["calibration_error"],
                     score["calibration_error_stage_rate"],
                     score["calibration_error"] < score["calibration_error_stage_rate"])  # fmt: skip
            found = sales_models_bench.anomalies(connection, planted)
            share = 100 * found.told / found.planted if found.planted else 0.0
            line(f"{what}: of {found.planted} planted anomalies of new deals, told", "%", share, 90, share >= 90)
            for series, false in found.false_a_month.items():
                line(f"{what}: false alarms a month, {series}", "ratio", false, 1, false <= 1)
            for subject, score, rows in sales_models_bench.scores(connection, "clusters"):
                tried = [one for one in score.get("tried", []) if one["clusters"] == score.get("clusters")]
                if tried:
                    told = f"{score['clusters']} clusters of {rows:,} {subject}"
                    line(f"{what}: stability of {told} (adjusted Rand)", "ratio",
                         tried[0]["stability"], 0.8, tried[0]["stability"] >= 0.8)  # fmt: skip
    if folder := os.environ.get("CRM_REAL_DATA"):
        with (
            setting.server.database(is_migrated=True) as url,
            sales_models_bench.maven(url, Path(folder) / "maven_crm") as connection,
        ):
            # its last deal was closed on that day
            forecast(sales_models_bench.forecasts(connection, "Maven", date(2017, 12, 31)))
    else:
        print("Maven is left out: CRM_REAL_DATA names no folder")
    return lines


def service_models(setting: Setting) -> list[Line]:
    """How good topics, ways, forecasts and anomalies of tickets are, on help desks with seeds of their own."""
    lines: list[Line] = []

    def line(what: str, unit: str, figure: float, aim: float | None, is_reached: bool | None) -> None:
        lines.append(Line("service_models", what, unit, figure, aim, None, 0.0, is_reached))

    for seed in service_models_bench.SEEDS[: 1 if setting.share > 1 else None]:
        with (
            setting.server.database(is_migrated=True) as url,
            service_models_bench.desk(url, seed) as (connection, truth),
        ):
            what = f"sandbox seed {seed}"
            found = service_models_bench.anomalies(connection, truth)
            told = 100 * found.told / max(found.planted, 1)
            line(f"{what}: of {found.planted} planted anomalies of tickets, told", "%", told, 90, told >= 90)
            explained = 100 * found.explained / max(found.spikes, 1)
            line(f"{what}: of {found.spikes} spikes told, first explained by the product behind it", "%", explained, 90,
                 explained >= 90)  # fmt: skip
            line(f"{what}: false alarms a month", "ratio", found.false_a_month, 1, found.false_a_month <= 1)
            volume = service_models_bench.scores(connection, "hourly_forecast")
            for period in ("hours", "days"):
                ratio = volume[f"{period}_relative_to_week_before"]
                line(f"{what}: forecast of tickets against the week before, {period}", "ratio", ratio, 1, ratio < 1)
                for level, share in volume[f"{period}_inside"].items():
                    line(f"{what}: {period} inside the {level} % interval", "%", 100 * share, float(level), None)
            for language, told in service_models_bench.scores(connection, "topics")["languages"].items():
                chosen = max(told["tried"], key=lambda one: (one["stability"] >= 0.8, one["silhouette"]), default=None)
                if chosen:
                    text = f"{told['topics']} topics of {told['tickets']:,} tickets in {language}"
                    line(f"{what}: stability of {text} (adjusted Rand)", "ratio", chosen["stability"], 0.8,
                         chosen["stability"] >= 0.8)  # fmt: skip
            line(f"{what}: homogeneity of topics by what was asked", "ratio",
                 service_models_bench.agreement(connection, truth), None, None)  # fmt: skip
            ways = service_models_bench.scores(connection, "clusters")
            for one in ways.get("tried", []):
                if one["clusters"] == ways.get("clusters"):
                    line(f"{what}: stability of {ways['clusters']} ways (adjusted Rand)", "ratio", one["stability"],
                         0.8, one["stability"] >= 0.8)  # fmt: skip
    return lines


def web(setting: Setting) -> list[Line]:
    """KB on the wire, both ways, of crawling a site that did not change since; the ratio is the first crawl's to it."""
    pages = WEB_PAGES // setting.share
    lines: list[Line] = []
    for crawl in crawls(pages):
        what = f"{pages:,} pages: {crawl['what']} ({crawl['body_bytes'] / 1e3:,.0f} KB of bodies)"
        ratio = lines[0].ours / (crawl["bytes"] / 1e3) if lines else None
        lines.append(Line("web", what, "KB", crawl["bytes"] / 1e3, None, ratio, crawl["seconds"], None))
    return lines


def dags(setting: Setting) -> list[Line]:
    """Seconds to import each file of dags/ beyond importing Airflow, each in a process of its own."""
    lines = []
    os.environ["CRM_SANDBOX"] = "1"  # its sources are most of what there is to parse
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


def reminders(setting: Setting) -> list[Line]:
    """Thirty days of reminders whose senders are killed at random points: the mail server's count against the books."""
    started = time.perf_counter()
    with setting.server.database(is_migrated=True) as url:
        found = reminder_days.simulate(Warehouse(url), max(5, REMINDER_DAYS // setting.share))
    seconds = time.perf_counter() - started
    counted = f"{found.days} days, {found.messages} messages, {found.killed} senders killed"
    return [
        Line("reminders", f"{counted}: doubled", "mails", found.doubled, 0, None, seconds, found.doubled == 0),
        Line("reminders", "lost without a word", "mails", found.lost + found.unknown, 0, None, seconds,
             found.lost + found.unknown == 0),
        Line("reminders", f"listed as uncertain, of which {found.arrived} arrived", "mails", found.uncertain, None,
             None, seconds, None),
        Line("reminders", "sent by a backfill of the same days", "mails", found.backfilled, 0, None, seconds,
             found.backfilled == 0),
    ]  # fmt: skip


def answers(setting: Setting) -> list[Line]:
    """Thirty days of answers to the sandbox's help desk, senders killed at random: what it got, and how fast."""
    started = time.perf_counter()
    with setting.server.database(is_migrated=True) as url:
        found = answer_days.simulate(Warehouse(url), max(3, ANSWER_DAYS // setting.share), min(setting.share, 8))
    seconds = time.perf_counter() - started
    precision = 100 * load_replies().config.precision

    def line(what: str, unit: str, value: float, aim: float | None = None, reached: bool | None = None) -> Line:
        return Line("answers", what, unit, value, aim, None, seconds, reached)

    right = 100 * found.right / max(found.alone, 1)
    share = 100 * found.alone / max(found.asked, 1)
    what = f"{found.days} days, {found.tickets:,} tickets, {found.asked:,} without a reply by night: answered alone"
    return [
        line(what, "%", share),
        line(f"of these {found.alone} right", "%", right, precision, right >= precision),
        line(f"approved drafts sent; {found.rejected} rejected", "texts", found.approved),
        line("not taken: the ticket was newer", "texts", found.refused),
        line("median first reply without answers", "min", found.minutes_before),
        line("with them", "min", found.minutes),
        line("of those that were answered, without", "min", found.answered_before),
        line("with them", "min", found.answered_minutes),
        line(f"{found.killed} senders killed: doubled, in doubt resent by hand", "texts", found.doubled, 0,
             found.doubled == 0),
        line("lost without a word", "texts", found.lost + found.unknown, 0, found.lost + found.unknown == 0),
        line(f"listed as uncertain, of which {found.arrived} arrived", "texts", found.uncertain),
    ]  # fmt: skip


def replies(setting: Setting) -> list[Line]:
    """How well tickets are understood by the supplied examples alone, and whether a reply tells of anyone else."""
    known = load_replies()
    started = time.perf_counter()
    model, _ = fit(known.examples, known.config.precision)
    seconds = time.perf_counter() - started
    lines = [Line("replies", "examples supplied, fitted", "texts", len(known.examples), None, None, seconds, None)]
    for seed in replies_bench.SEEDS[: 1 if setting.share > 1 else None]:
        started = time.perf_counter()
        with replies_bench.company(seed, setting.share) as (sandbox, window):
            asked = replies_bench.tickets(sandbox, window)
            found = replies_bench.judged(model, known, asked)
            lines += _understood(f"seed {seed}", found, time.perf_counter() - started, known.config.precision)
            if seed == replies_bench.SEEDS[0]:
                with setting.server.database(is_migrated=True) as url:
                    told = replies_bench.leaks(url, known, sandbox, window, asked)
                checked = f"seed {seed}: of {told.replies:,} replies, {told.with_orders:,} with orders"
                for whose, leaked in (("customer", told.other_customers), ("person", told.other_persons)):
                    what = f"{checked}: data of another {whose}"
                    lines.append(Line("replies", what, "texts", leaked, 0, None, 0.0, leaked == 0))
    if folder := os.environ.get("CRM_REAL_DATA"):
        bank, of = replies_bench.banking_answered(model, known, Path(folder))
        what = f"of {of:,} questions to a bank, answered"
        lines.append(Line("replies", what, "%", 100 * bank / of, 2, None, 0.0, 100 * bank / of <= 2))
    else:
        print("questions to a bank are left out: CRM_REAL_DATA names no folder")
    foreign = replies_bench.foreign_answered(model, known)
    what = f"of {len(replies_bench.FOREIGN)} messages in other languages, answered"
    return [*lines, Line("replies", what, "texts", foreign, 0, None, 0.0, foreign == 0)]


def _understood(what: str, found: replies_bench.Understood, seconds: float, precision: float) -> list[Line]:
    def share(told: str, part: int, of: int, aim: float | None = None, at_most: bool = False) -> Line:
        value = 100 * part / max(of, 1)
        reached = None if aim is None else value <= aim if at_most else value >= aim
        return Line("replies", f"{what}: {told}", "%", value, aim, None, seconds, reached)

    asked = 100 * precision
    return [
        share(f"{found.tickets:,} tickets: intent is right", found.right, found.tickets),
        share("language is right", found.right_language, found.tickets),
        share("sure enough to answer", found.answered, found.tickets),
        share("of these right", found.answered_right, found.answered, asked),
        share("answered, as the intent needs no approval", found.sent, found.tickets),
        share("of these right", found.sent_right, found.sent, asked),
        share(f"{found.out_of_scope:,} out of scope: answered", found.out_of_scope_answered, found.out_of_scope, 2,
              at_most=True),
        share("out of scope: drafted", found.out_of_scope_drafted, found.out_of_scope),
    ]  # fmt: skip


def search(setting: Setting) -> list[Line]:
    """Finding one of a million customers, by everything they can be found by, and building what they are found in."""
    people = SEARCHED_CUSTOMERS // setting.share
    with setting.server.database(is_migrated=True) as url, Warehouse(url).connect() as connection:
        built = customer_search.fill(connection, people)
        timed = customer_search.measure(connection, SEARCHES // min(setting.share, 10))
    lines = [
        Line("search", f"{people:,} customers: mart.{mart}", "s", seconds, aim, None, seconds,
             seconds < aim if aim else None)
        for mart, seconds in built.items()
        for aim in [SCREEN_AIM_SECONDS if mart == "customer_360" else None]
    ]  # fmt: skip
    for one in timed:
        what = f"{people:,} customers, by {one.kind} ({one.found} of {one.searches} found)"
        for figure, seconds in (("median", one.median), ("95th percentile", one.percentile_95)):
            ms = 1000 * seconds
            lines.append(
                Line("search", f"{what}: {figure}", "ms", ms, SEARCH_AIM_MS, None, seconds, ms < SEARCH_AIM_MS)
            )
    return lines


def pages(setting: Setting) -> list[Line]:
    """The pages inside Airflow over a million customers, deals and tickets, and ten thousand editions of reports."""
    people = SEARCHED_CUSTOMERS // setting.share
    folder = setting.folder / "editions"
    folder.mkdir()
    with setting.server.database(is_migrated=True) as url:
        warehouse = Warehouse(url)
        with warehouse.connect() as connection:
            customer_search.fill(connection, people)
            pages_bench.fill(connection, folder)
        timed = pages_bench.measure(warehouse, folder, PAGE_TIMES)
    return [
        Line("pages", f"{people:,} customers: {one.page}, {figure}", "ms", 1000 * seconds, PAGE_AIM_MS, None, seconds,
             1000 * seconds < PAGE_AIM_MS)
        for one in timed
        for figure, seconds in (("median", one.median), ("slowest", one.slowest))
    ]  # fmt: skip


def extracts(setting: Setting) -> list[Line]:
    """A million rows of ten columns as a Tableau extract, in full and ten of its days; pandas and pantab beside it."""
    rows = EXTRACTED_ROWS // setting.share
    with setting.server.database(is_migrated=True) as url:
        with Warehouse(url).connect() as connection:
            extracts_bench.fill(connection, rows)
        runs = [extracts_bench.measure(url, Path(setting.folder, str(run))) for run in range(setting.runs)]
    full, days, rival = (
        statistics.median(figures)
        for figures in zip(*((run.full.seconds, run.days.seconds, run.rival_seconds) for run in runs), strict=True)
    )
    ratio = statistics.median(run.rival_seconds / run.full.seconds for run in runs)
    ours_mb, rival_mb = runs[0].full.megabytes, runs[0].rival_megabytes
    return [
        Line("extracts", f"{rows:,} rows in full, against pandas and pantab", "s", full, rival, ratio, full,
             full < EXTRACT_AIM_SECONDS),
        Line("extracts", f"{rows:,} rows, {runs[0].days.written:,} of ten days written again", "s", days, None, None,
             days, None),
        Line("extracts", f"{rows:,} rows in full, the file", "MB", ours_mb, rival_mb, None, full, None),
    ]  # fmt: skip


def sales(setting: Setting) -> list[Line]:
    """All sales marts of a million deals with ten visits to stages each: a year from scratch, and one more day."""
    deals = SALES_DEALS // setting.share
    lines = []
    with setting.server.database(is_migrated=True) as url:
        lines.append(_yardstick("sales", url))
        for what, seconds in sales_marts.measure(url, deals):
            aim = SALES_AIM_SECONDS.get(what)
            reached = None if aim is None else seconds < aim
            lines.append(Line("sales", f"{deals:,} deals: {what}", "s", seconds, aim, None, seconds, reached))
    return lines


def service(setting: Setting) -> list[Line]:
    """All service marts of a million tickets with ten million events: a year from scratch, and one more day."""
    tickets = SERVICE_TICKETS // setting.share
    lines = []
    with setting.server.database(is_migrated=True) as url:
        lines.append(_yardstick("service", url))
        for what, seconds in service_marts.measure(url, tickets):
            aim = SERVICE_AIM_SECONDS.get(what.split(" of ")[0])
            reached = None if aim is None else seconds < aim
            lines.append(Line("service", f"{tickets:,} tickets: {what}", "s", seconds, aim, None, seconds, reached))
    return lines


def reports(setting: Setting) -> list[Line]:
    """The monthly edition of all reports, both languages, all formats, of a warehouse with a million customers."""
    people = REPORTED_CUSTOMERS // setting.share
    with setting.server.database(is_migrated=True) as url:
        lines = [_yardstick("reports", url)]
        reports_bench.fill(url, people)
        found = reports_bench.measure(url, setting.folder / "reports")
    aims = {"all": REPORTS_AIM_SECONDS, "peak MB": REPORTS_AIM_MB, "html kB": 2000.0}
    for what, figure in found.items():
        aim = aims.get(what)
        unit = what.partition(" ")[2] or "s"
        reached = None if aim is None else figure < aim
        told = f"{people:,} customers, a month, 2 languages, 3 formats: {what.partition(' ')[0]}"
        lines.append(Line("reports", told, unit, figure, aim, None, found["all"], reached))
    return lines


def _yardstick(bench: str, url: str) -> Line:
    """How fast this machine is today, to compare figures of several by: ten million texts hashed by PostgreSQL."""
    started = time.perf_counter()
    with Warehouse(url).connect() as connection:
        connection.execute(
            "select sum(hashtextextended(n::text, 0)::numeric) from generate_series(1, 10000000) as n"
        ).fetchone()
    seconds = time.perf_counter() - started
    return Line(bench, "yardstick: ten million hashes", "s", seconds, None, None, seconds, None)


def hooks(setting: Setting) -> list[Line]:
    """From a webhook to its staged row with the scheduler idle: one by one, then a burst."""
    count, burst = HOOKS // min(setting.share, 5), HOOK_BURST // min(setting.share, 5)
    with tempfile.TemporaryDirectory(prefix="crm-bench-hooks-") as state:
        env = {key: value for key, value in os.environ.items() if not key.startswith(("CRM_", "AIRFLOW"))}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.hooks", str(count), str(HOOK_PAUSE_SECONDS), str(burst)],
            cwd=PROJECT, env={**env, "CRM_STATE": state}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            told, _ = process.communicate()
        finally:
            process.terminate()  # it stops what it started
            process.wait(120)
            _remove_home(Path(state) / "postgres")
    if process.returncode:
        raise RuntimeError("the webhooks were not measured: see above")
    found = json.loads(told.splitlines()[-1])
    runs = found["runs_of_burst"]
    return [
        line
        for what, times in (
            (f"{count} webhooks, one at a time", found["single"]),
            (f"{burst} webhooks at once, in {runs} runs", found["burst"]),
        )
        for line in _waited(what, times)
    ]


def identity(setting: Setting) -> list[Line]:
    """Made-up people with corrupted copies among them: train, compare, cluster; then a hundredth more against them."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.identity", str(PEOPLE // setting.share)],
        cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    what = f"{found['records']:,} records"
    load = f"(load {found['load']:.1f})"
    figures = (
        (f"{what}: train, compare, cluster {load}", "s", found["seconds"], PEOPLE_AIM_SECONDS),
        (f"{what}: of it on the CPUs", "s", found["cpu_seconds"], None),
        (f"{found['later']:,} more against them {load}", "s", found["later_seconds"], LATER_AIM_SECONDS),
        (f"{found['later']:,} more: of it on the CPUs", "s", found["later_cpu_seconds"], None),
        (f"{what}: peak memory", "MB", found["peak_mb"], PEOPLE_AIM_MB),
    )
    lines = [
        Line("identity", text, unit, value, aim, None, found["seconds"], None if aim is None else value < aim)
        for text, unit, value, aim in figures
    ]
    for text, value in ((what, found["f1"]), (f"{what} and {found['later']:,} more", found["f1_later"])):
        is_good = value >= PEOPLE_AIM_F1
        lines.append(
            Line("identity", f"{text}: pairwise, in %", "F1", 100 * value, 100 * PEOPLE_AIM_F1, None, 0, is_good)
        )
    return lines


def _waited(what: str, times: list[dict[str, float]]) -> list[Line]:
    lines = []
    for key, aim in (("answered", None), ("staged", HOOK_AIM_SECONDS)):
        ordered = sorted(one[key] for one in times)
        for share in (50, 95):
            seconds = ordered[math.ceil(share / 100 * len(ordered)) - 1]
            reached = None if aim is None or share < 95 else seconds < aim
            lines.append(Line("hooks", f"{what}: {key}, p{share}", "s", seconds, aim, None, seconds, reached))
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
            _remove_home(Path(name))


def _remove_home(folder: Path) -> None:
    """Remove a cluster's data that lie elsewhere, as they do for root."""
    elsewhere = folder / "home"
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
    if not lines:
        return lines
    against = "dlt" if lines[0].bench in ("rest", "csv", "mysql") else "limit"
    print(f"\n{lines[0].bench:66} {'unit':>6} {'ours':>10} {against:>10} {'ratio':>6} {'seconds':>8}  aim")
    for line in lines:
        ours, rival = _figure(line, line.ours), "" if line.rival is None else _figure(line, line.rival)
        ratio = "" if line.ratio is None else f"{line.ratio:.1f}"
        aim = {True: "reached", False: "MISSED", None: ""}[line.reached]
        print(f"{line.what:66} {line.unit:>6} {ours:>10} {rival:>10} {ratio:>6} {line.seconds:8.2f}  {aim}", flush=True)
    return lines


def _figure(line: Line, value: float) -> str:
    return f"{value:.2f}" if line.unit in ("s", "F1") else f"{value:.3f}" if line.unit == "ratio" else f"{value:,.0f}"


BENCHES: dict[str, Callable[[Setting], list[Line]]] = {
    "rest": rest,
    "csv": csv,
    "memory": memory,
    "budget": through_budget,
    "mysql": mysql,
    "web": web,
    "truth": against_truth,
    "customers": one_customer,
    "sales_models": sales_models,
    "service_models": service_models,
    "dags": dags,
    "hooks": hooks,
    "search": search,
    "pages": pages,
    "extracts": extracts,
    "identity": identity,
    "sales": sales,
    "service": service,
    "reports": reports,
    "reminders": reminders,
    "replies": replies,
    "answers": answers,
}

if __name__ == "__main__":
    main()
