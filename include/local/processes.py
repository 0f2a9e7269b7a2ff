"""Child processes that outlive a killed parent, and how they are found and stopped again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from include.settings import PROJECT

GRACE_SECONDS = 6  # Airflow waits ten for an idle triggerer; a task cut short here is run again


@dataclass(frozen=True)
class Child:
    """A process that was started here: its number alone may be another's by now, number and start time may not."""

    name: str
    pid: int
    started: float  # seconds since 1970

    def process(self) -> psutil.Process | None:
        """The process, unless it ended."""
        try:
            process = psutil.Process(self.pid)
            alive = process.create_time() == self.started and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return None
        return process if alive else None

    def family(self) -> list[psutil.Process]:
        """The process and all that it started, also when it has ended itself.

        The system gives a session's number to no new process while anything of that session lives.
        """
        leader = self.process()
        if leader is not None:
            try:
                return [leader, *leader.children(recursive=True)]
            except psutil.Error:
                return [leader]
        if psutil.pid_exists(self.pid) and not self._is_zombie():
            return []
        return [process for process in psutil.process_iter() if self._left_behind(process)]

    def _is_zombie(self) -> bool:
        try:
            return psutil.Process(self.pid).status() == psutil.STATUS_ZOMBIE
        except psutil.Error:
            return True

    def _left_behind(self, process: psutil.Process) -> bool:
        try:
            return os.getsid(process.pid) == self.pid and process.exe() == psutil.Process().exe()
        except (OSError, psutil.Error):
            return False


def this_process() -> Child:
    """This process, as others can find it again."""
    return Child("crm", os.getpid(), psutil.Process().create_time())


def start(name: str, command: list[str], env: Mapping[str, str], logs: Path) -> Child:
    """Start this Python with the arguments ``command`` in a session of its own; output goes to ``logs/<name>.log``.

    The log of the run before is kept beside it as ``<name>.log.1``.
    """
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    with log.open("w") as file:
        log.chmod(0o600)
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=PROJECT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone, and we end them in order
        )
    return Child(name, process.pid, psutil.Process(process.pid).create_time())


def stop(children: Iterable[Child]) -> list[str]:
    """Ask the processes to end, and end what is left of their families after six seconds.

    :return: the names of those that were still there.
    """
    families = {child: child.family() for child in children}
    for child, family in families.items():
        for process in family if child.process() is None else family[:1]:
            _send(process, signal.SIGTERM)
    left = [process for family in families.values() for process in family]
    deadline = time.monotonic() + GRACE_SECONDS
    while (left := [process for process in left if _runs(process)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in left:
        _send(process, signal.SIGKILL)
    return [child.name for child, family in families.items() if family]


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)  # psutil compares start times first
    except psutil.Error:
        return


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
