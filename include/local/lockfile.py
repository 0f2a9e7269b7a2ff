"""The locks: every package pinned with hashes for Python 3.11, 3.12 and 3.13.

requirements.txt is what ``./crm`` installs; requirements-spark.txt is what Spark needs beside it.
"""

import difflib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from include.settings import PROJECT

LOCKS = ("requirements", "requirements-spark")


def write_locks(folder: Path = PROJECT) -> None:
    """Resolve each lock's .in file; versions that a lock of the folder has already are kept where they fit."""
    for name in LOCKS:
        subprocess.run(
            [
                *(sys.executable, "-m", "uv", "pip", "compile", f"{name}.in", "--universal"),
                *("--python-version", "3.11", "--generate-hashes", "--quiet"),
                *("--custom-compile-command", "./crm lock", "--output-file", str(folder / f"{name}.txt")),
            ],
            cwd=PROJECT,
            check=True,
        )


def check_locks() -> str:
    """What would change in the locks, as a difference of lines; empty when they are current."""
    differences: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in LOCKS:
            shutil.copy(PROJECT / f"{name}.txt", folder)
        write_locks(Path(folder))
        for name in LOCKS:
            old, new = ((at / f"{name}.txt").read_text().splitlines() for at in (PROJECT, Path(folder)))
            differences += difflib.unified_diff(old, new, f"{name}.txt", "resolved", lineterm="", n=0)
    return "\n".join(differences)
