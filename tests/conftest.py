"""What tests share: one embedded server, one migrated template, and a throwaway database of it for each test."""

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import settings
from psycopg import sql

from include.local.postgres import Cluster
from include.sources import http
from include.warehouse.connection import Warehouse
from include.warehouse.migrations import migrate
from tests.api import Api

os.environ["CRM_SANDBOX"] = "1"  # the sandbox company's sources are what most tests run on

# The same examples in every run, so that one commit has one result; --hypothesis-profile=default looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)  # a busy machine is no failure
settings.load_profile("same")

SERVERS = ("embedded", "CRM_TEST_POSTGRES_URL")


def database(url: str, name: str) -> str:
    """The address of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The embedded PostgreSQL, for the whole session."""
    folder = tmp_path_factory.mktemp("postgres")
    cluster = Cluster(folder)
    cluster.start()
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        # nothing here outlives the session, so nothing need reach the disk
        connection.execute("alter system set fsync = off")
        connection.execute("alter system set full_page_writes = off")
        connection.execute("select pg_reload_conf()")
    yield cluster
    cluster.stop()
    elsewhere = folder / "home"
    if elsewhere.exists():
        shutil.rmtree(Path(elsewhere.read_text().strip()), ignore_errors=True)


class Databases:
    """Throwaway databases of one server, copied from a migrated template."""

    def __init__(self, admin_url: str, is_migrated: bool = True) -> None:
        self.admin_url = admin_url
        self.made: list[str] = []
        self.template = self._new(None)
        if is_migrated:
            migrate(Warehouse(database(admin_url, self.template)))

    def _new(self, template: str | None) -> str:
        name = f"crm_test_{uuid.uuid4().hex[:12]}"
        statement = sql.SQL("create database {}").format(sql.Identifier(name))
        if template:
            statement += sql.SQL(" template {}").format(sql.Identifier(template))
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(statement)
        self.made.append(name)
        return name

    def warehouse(self) -> Warehouse:
        """A migrated, empty warehouse."""
        return Warehouse(database(self.admin_url, self._new(self.template)))

    def empty(self) -> Warehouse:
        """A database without anything in it."""
        return Warehouse(database(self.admin_url, self._new(None)))

    def drop(self) -> None:
        """Drop every database that was made."""
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            for name in self.made:
                connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def embedded(cluster: Cluster) -> Databases:
    """Databases of the embedded server; they go with it."""
    return Databases(cluster.url("postgres"))


@pytest.fixture(scope="session", params=SERVERS)
def databases(request: pytest.FixtureRequest, embedded: Databases) -> Iterator[Databases]:
    """Databases of the embedded server, and of the one that CRM_TEST_POSTGRES_URL names."""
    if request.param == "embedded":
        yield embedded
        return
    url = os.environ.get(request.param)
    if not url:
        pytest.skip(f"{request.param} is not set: name a PostgreSQL server there to run this on it too")
    others = Databases(url)
    yield others
    others.drop()


@pytest.fixture
def warehouse(databases: Databases) -> Warehouse:
    """An empty warehouse on each server."""
    return databases.warehouse()


@pytest.fixture
def embedded_warehouse(embedded: Databases) -> Warehouse:
    """An empty warehouse on the embedded server only: for what takes long."""
    return embedded.warehouse()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets that CRM_REAL_DATA names."""
    folder = os.environ.get("CRM_REAL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("CRM_REAL_DATA is not set to a folder with the real data sets")
    return Path(folder)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """An API on loopback, asked with little patience."""
    monkeypatch.setattr(http, "PATIENCE", http.Patience(first=0.01, longest=0.02, total=0.3, asked=10.0))
    api = Api()
    yield api
    api.close()


@pytest.fixture(scope="module")
def mysql() -> Iterator[str]:
    """The address of a throwaway database on the server that CRM_TEST_MYSQL_URL names."""
    url = os.environ.get("CRM_TEST_MYSQL_URL")
    if not url:
        pytest.skip("CRM_TEST_MYSQL_URL is not set: name a MySQL or MariaDB server there to run this")
    name = f"crm_test_{uuid.uuid4().hex[:12]}"
    server = sa.create_engine(url, poolclass=sa.NullPool)
    with server.begin() as connection:
        connection.exec_driver_sql(f"create database {name} character set utf8mb4")
    yield sa.make_url(url).set(database=name).render_as_string(hide_password=False)
    with server.begin() as connection:
        connection.exec_driver_sql(f"drop database {name}")


@pytest.fixture(scope="module")
def postgres(embedded: Databases) -> Iterator[str]:
    """The address of a throwaway database to read from or to publish to: on CRM_TEST_POSTGRES_URL, if that is set."""
    url = os.environ.get("CRM_TEST_POSTGRES_URL")
    databases = Databases(url, is_migrated=False) if url else embedded
    yield databases.empty().url
    if url:
        databases.drop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium without a window, as Playwright's browser."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        pytest.skip("there is no chromium on this machine: install it to try the pages in a browser")
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()
