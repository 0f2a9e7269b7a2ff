"""``./crm doctor``: what could keep the product from running on this machine, and what to do about it."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
import psycopg

from include.actions.alert_rules import load_alerts_config
from include.actions.config import load_outbox_config
from include.actions.rules import load_reminders_config
from include.config_files import ConfigError
from include.customers.golden import load_golden_config
from include.customers.identity.config import load_identity_config
from include.customers.identity.spark import INSTALL_SPARK, unreachable
from include.customers.value.config import load_value_config
from include.extracts.config import load_extracts
from include.local import airflow, postgres, services
from include.local.errors import ServiceError
from include.local.files import last_line
from include.local.ports import first_free, is_free
from include.publish.config import load_publications
from include.quality.suites import QualityError, load_suite
from include.replies.answers import answers_channel
from include.replies.config import load_replies
from include.replies.feedback import thanks_channel
from include.reports.config import check_channels, load_reports_config
from include.sales.pipelines import load_sales_config
from include.service.config import load_service_config
from include.settings import CONFIG, EXPECTATIONS, PROJECT, SQL, STATE
from include.sources.config import FOLDER, load_source
from include.warehouse.connection import Warehouse
from include.warehouse.migrations import OLDEST_POSTGRES, pending

DISK_GB, MEMORY_GB = 2, 3


@dataclass(frozen=True)
class Check:
    """One thing looked at: what it says, and what to do when it is not ``ok``."""

    name: str
    ok: bool
    says: str
    do: str = ""


def checks() -> list[Check]:
    """Every check, in the order in which problems are best solved; none of them raises."""
    return [check for look in LOOKS for check in look()]


def python() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield Check("python", fits, version, "Install Python 3.11, 3.12 or 3.13, delete .venv, and run ./crm again.")


def disk() -> Iterator[Check]:
    places = [PROJECT, _existing(STATE), *_database_folder()]
    for place in {place.stat().st_dev: place for place in reversed(places)}.values():  # one of each disk
        free = shutil.disk_usage(place).free / 2**30
        do = f"Free some space on the disk of {place}, or set CRM_STATE to a folder on a larger one."
        yield Check("disk", free >= DISK_GB, f"{free:.1f} GB free at {place}, {DISK_GB} GB are needed", do)


def memory() -> Iterator[Check]:
    total, available = (bytes / 2**30 for bytes in psutil.virtual_memory()[:2])
    says = f"{available:.1f} of {total:.1f} GB available, {MEMORY_GB} GB are needed"
    running = services.is_up()
    yield Check("memory", running or available >= MEMORY_GB, says, "Close other programs, or use a larger machine.")


def ports() -> Iterator[Check]:
    running = services.is_up()
    used = {"airflow": airflow.PREFERRED_PORT, "postgres": postgres.PREFERRED_PORT, "sandbox": services.SANDBOX_PORT}
    for name, port in used.items():
        if is_free(port):
            yield Check("port", True, f"{port} for {name} is free")
            continue
        ours = services.cluster().is_running() if name == "postgres" else running
        if ours:
            yield Check("port", True, f"{port} for {name} is in use, and the services run")
            continue
        try:
            yield Check("port", True, f"{port} is taken by another program; {name} will use {first_free(port)}")
        except ServiceError as error:
            yield Check("port", False, str(error), f"Stop the programs that listen from port {port} on.")


def embedded_postgres() -> Iterator[Check]:
    do = "Use docker-compose.yaml, or run on Linux or a Mac with an Apple chip."
    try:
        program = postgres.pginstall() / "bin" / "initdb"
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    except (ServiceError, OSError) as error:
        yield Check("embedded postgres", False, str(error), do)
        return
    said = done.stdout if done.returncode == 0 else done.stderr
    yield Check("embedded postgres", done.returncode == 0, last_line(said), do)


def warehouse() -> Iterator[Check]:
    embedded = services.cluster()
    if not services.elsewhere() and not embedded.exists():
        yield Check("warehouse", True, "not made yet: ./crm up makes it")
        return
    ran = embedded.is_running()
    try:
        yield from _warehouse(services.warehouse())
    except ServiceError as error:
        yield Check("warehouse", False, str(error), "Do what the message says, then look again.")
    finally:
        if not ran:
            embedded.stop()


def _warehouse(there: Warehouse) -> Iterator[Check]:
    try:
        with there.connect(autocommit=True) as connection:
            number = connection.info.server_version
        new_enough = number >= OLDEST_POSTGRES
        says = f"{there.address} is PostgreSQL {number // 10000}"
        yield Check("warehouse", new_enough, says, "Use a server of version 15 or newer.")
        if new_enough:
            todo = pending(there)
            says = f"{len(todo)} migrations to apply: {', '.join(todo)}" if todo else "every migration is applied"
            yield Check("migrations", not todo, says, "Run ./crm up, which applies them.")
    except psycopg.Error as error:
        do = "Start the server and check the address and the password in CRM_WAREHOUSE_URL or in crm_warehouse."
        yield Check("warehouse", False, f"{there.address} does not answer: {str(error).splitlines()[0]}", do)


def spark() -> Iterator[Check]:
    """For identity on Spark only: pyspark, Java and the cluster."""
    try:
        identity = load_identity_config()
    except ConfigError:
        return  # said with the configuration
    masters = {kind.spark_master for kind in (identity.persons, identity.organisations) if kind.engine == "spark"}
    if not masters:
        return
    has_package = importlib.util.find_spec("pyspark") is not None
    yield Check("spark", has_package, f"pyspark is {'' if has_package else 'not '}installed", INSTALL_SPARK)
    java = shutil.which("java")
    yield Check("spark", java is not None, f"java: {java or 'not found'}", "Install Java 17 or newer.")
    for master in sorted(filter(None, masters)):
        reason = unreachable(master)
        says = f"{master} does not answer: {reason}" if reason else f"{master} answers"
        yield Check("spark", not reason, says, "Start the cluster, or correct spark_master in identity.yaml.")


def _replies() -> object:
    replies, outbox = load_replies(), load_outbox_config()
    return answers_channel(replies, outbox), thanks_channel(replies, outbox)


def _alerts() -> object:
    outbox = load_outbox_config()
    return load_alerts_config(outbox, load_reminders_config(outbox))


def configuration() -> Iterator[Check]:
    """Every YAML file by its model, and for every entity of a source the two files that go with it."""
    sources = {path: partial(load_source, path.stem) for path in sorted(FOLDER.glob("*.yaml"))}
    others: dict[Path, Callable[[], object]] = {
        CONFIG / "sales.yaml": load_sales_config,
        CONFIG / "identity.yaml": load_identity_config,
        CONFIG / "golden.yaml": load_golden_config,
        CONFIG / "value.yaml": load_value_config,
        CONFIG / "service.yaml": load_service_config,
        CONFIG / "publish.yaml": load_publications,
        CONFIG / "extracts.yaml": load_extracts,
        CONFIG / "outbox.yaml": load_outbox_config,
        CONFIG / "replies.yaml": _replies,
        CONFIG / "reminders.yaml": lambda: load_reminders_config(load_outbox_config()),
        CONFIG / "alerts.yaml": _alerts,
        CONFIG / "reports.yaml": lambda: check_channels(load_reports_config(), load_outbox_config()),
    }
    yield from _read("configuration", {**sources, **others}, ConfigError)
    yield from _read(
        "expectations", {p: partial(load_suite, p) for p in sorted(EXPECTATIONS.glob("*.json"))}, QualityError
    )
    yield from spark()
    missing = 0
    for path in sources:
        try:
            source = load_source(path.stem)
        except ConfigError:
            continue  # said above
        for entity in source.entities:
            name = f"{source.name}__{entity}"
            for file in (SQL / "staging" / f"{name}.sql", EXPECTATIONS / f"{name}.json"):
                if not file.exists():
                    missing += 1
                    says = f"{file.relative_to(PROJECT)} is missing"
                    yield Check("source", False, says, f"Write it, or take {entity} out of {source.name}.yaml.")
    if not missing:
        yield Check("source", True, "every entity has its staging statement and its suite")


def _read(name: str, files: dict[Path, Callable[[], object]], mistake: type[Exception]) -> Iterator[Check]:
    wrong: set[str] = set()  # a file that another one needs would be told twice
    for read in files.values():
        try:
            read()
        except mistake as error:
            if str(error) not in wrong:
                yield Check(name, False, str(error).replace(f"{PROJECT}/", ""), "Correct the file at that place.")
            wrong.add(str(error))
    if not wrong:
        yield Check(name, True, f"{len(files)} files are as they should be")


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def _database_folder() -> list[Path]:
    try:
        home = services.cluster().home()
        return [home] if home and home.exists() else []
    except PermissionError:  # another user's: the check of the warehouse says so
        return []


LOOKS: list[Callable[[], Iterator[Check]]] = [
    *(python, disk, memory, ports, embedded_postgres, warehouse, configuration),
]
