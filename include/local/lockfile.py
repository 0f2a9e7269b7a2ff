"""The lock: requirements.txt, every package pinned with hashes for Python 3.11, 3.12 and 3.13."""

import difflib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from include.settings import PROJECT

LOCK = PROJECT / "requirements.txt"


def write_lock(output: Path = LOCK) -> None:
    """Resolve requirements.in; versions that the output file has already are kept where they fit."""
    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "compile", "requirements.in", "--universal"),
            *("--python-version", "3.11", "--generate-hashes", "--quiet"),
            *("--custom-compile-command", "./crm lock", "--output-file", str(output)),
        ],
        cwd=PROJECT,
        check=True,
    )


def check_lock() -> str:
    """What would change in the lock, as a difference of lines; empty when it is current."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / LOCK.name
        shutil.copy(LOCK, fresh)
        write_lock(fresh)
        old, new = (path.read_text().splitlines() for path in (LOCK, fresh))
    return "\n".join(line for line in difflib.unified_diff(old, new, "requirements.txt", "resolved", lineterm="", n=0))
