"""The embedded server as ./crm uses it: a real one, in a folder of its own."""

import os
import shutil
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from include.local import postgres
from include.local.errors import ServiceError
from include.local.ports import first_free
from include.local.postgres import Cluster

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster of the test's own, in a path with a space."""
    cluster = Cluster(tmp_path / "a state" / "postgres")
    yield cluster
    cluster.stop()
    home = cluster.home()
    if home:
        shutil.rmtree(home)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running cluster for tests that only look."""
    cluster = Cluster(tmp_path_factory.mktemp("shared") / "postgres")
    start(cluster)
    yield cluster
    cluster.stop()
    home = cluster.home()
    assert home
    shutil.rmtree(home)


def start(cluster: Cluster) -> str:
    return cluster.start(first_free(15433))


def value(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row
    return row[0]


def keep_an_answer(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table kept as select 42 as answer")


def server_process(cluster: Cluster) -> psutil.Process:
    home = cluster.home()
    assert home
    return psutil.Process(int((home / "data" / "postmaster.pid").read_text().split()[0]))


def test_it_starts_with_both_databases_and_only_for_who_knows_the_password(shared: Cluster) -> None:
    url = shared.url()
    assert value(url, "select current_database()") == "warehouse"
    assert value(shared.url("airflow"), "select current_database()") == "airflow"
    wrong = url.replace(url.split(":")[2].split("@")[0], "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)
    rules = value(url, "select string_agg(distinct auth_method, ',') from pg_hba_file_rules where error is null")
    assert rules == "scram-sha-256"


def test_it_listens_on_this_machine_only(shared: Cluster) -> None:
    listening = [c.laddr.ip for c in server_process(shared).net_connections() if c.status == psutil.CONN_LISTEN]
    assert listening == ["127.0.0.1"]


def test_secrets_and_data_are_for_their_owner_only(shared: Cluster) -> None:
    home = shared.home()
    assert home
    assert stat.S_IMODE((shared.folder / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE((shared.folder / "log").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert server_process(shared).uids().effective == home.stat().st_uid
    assert home.stat().st_uid != 0


def test_no_parent_folder_is_opened(own: Cluster, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    before = [folder.stat().st_mode for folder in tmp_path.parents]
    start(own)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert [folder.stat().st_mode for folder in tmp_path.parents] == before
    home = own.home()
    assert home
    elsewhere = not home.is_relative_to(tmp_path)
    assert elsewhere == AS_ROOT
    if elsewhere:
        assert home.parent == Path("/var/tmp")


@pytest.mark.skipif(not AS_ROOT, reason="an ordinary user runs the server itself and reaches what it installed")
def test_programs_in_a_closed_folder_are_copied_for_the_server(
    own: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    package = postgres.pginstall().parent
    for folder in (package, package.with_name(f"{package.name}.libs")):
        (closed / folder.name).symlink_to(folder)  # reached through the closed folder only
    monkeypatch.setattr(postgres, "pginstall", lambda: closed / package.name / "pginstall")
    assert value(start(own), "select 1") == 1
    home = own.home()
    assert home
    assert Path(server_process(own).exe()).is_relative_to(home)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_text_is_unicode_and_sorted_alike_on_every_system(shared: Cluster) -> None:
    url = shared.url()
    assert value(url, "select upper('josé') || lower('ÅNGSTRÖM')") == "JOSÉångström"
    assert value(url, "select string_agg(x, '' order by x) from unnest(array['b','A','a','B']) x") == "ABab"
    assert value(url, "show timezone") == "UTC"
    assert value(url, "show server_encoding") == "UTF8"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create extension pg_trgm")
    assert value(url, "select similarity('北京大学', '北京大学') > 0")


def test_a_commit_outlives_a_crash_in_the_warehouse(shared: Cluster) -> None:
    assert value(shared.url(), "show synchronous_commit") == "on"
    assert value(shared.url("airflow"), "show synchronous_commit") == "off"


def test_a_restart_keeps_data_password_and_port(own: Cluster) -> None:
    url = start(own)
    keep_an_answer(url)
    own.stop()
    assert not own.is_running()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    assert own.start() == url
    assert value(url, "select answer from kept") == 42


def test_start_and_stop_can_be_said_twice(own: Cluster) -> None:
    url = start(own)
    number = server_process(own).pid
    assert own.start() == url
    assert server_process(own).pid == number
    own.stop()
    own.stop()


def test_a_kill_heals_and_keeps_what_was_committed(own: Cluster) -> None:
    url = start(own)
    keep_an_answer(url)
    server_process(own).send_signal(signal.SIGKILL)
    assert own.start() == url
    assert value(url, "select answer from kept") == 42


def test_a_number_that_another_process_has_by_now_does_not_count(own: Cluster) -> None:
    url = start(own)
    own.stop()
    home = own.home()
    assert home
    stale = home / "data" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{home}/data\n0\n0\n\n127.0.0.1\n0\nready\n")
    os.chown(stale, home.stat().st_uid, home.stat().st_gid)
    assert not own.is_running()
    assert own.start() == url


def test_a_making_that_was_cut_short_is_made_anew(own: Cluster) -> None:
    start(own)
    own.stop()
    home = own.home()
    assert home
    (home / "data").rename(home / "data.half")
    (home / "data.half" / "PG_VERSION").unlink()
    assert value(own.start(), "select 1") == 1


def test_a_taken_port_moves_on_and_is_remembered(own: Cluster) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        own.start(taken)
        moved = own.port
        assert moved is not None
        assert moved > taken
        assert value(own.url(), "select 1") == 1
    own.stop()
    own.start()
    assert own.port == moved


def test_data_of_another_postgres_is_refused_with_a_sentence(own: Cluster) -> None:
    start(own)
    own.stop()
    home = own.home()
    assert home
    (home / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(ServiceError, match="was made by PostgreSQL 16"):
        own.start()


def test_a_lost_password_is_said(own: Cluster) -> None:
    start(own)
    (own.folder / "password").unlink()
    with pytest.raises(ServiceError, match="password is missing"):
        own.url()
