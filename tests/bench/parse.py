"""``python -m tests.bench.parse FILE``: seconds to import a DAG file in a process that has imported Airflow."""

import importlib.util
import sys
import time

import airflow.sdk  # noqa: F401 (is what is left out)


def main() -> None:
    """Import the file as the DAG processor would."""
    spec = importlib.util.spec_from_file_location("measured_dag", sys.argv[1])
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    started = time.perf_counter()
    spec.loader.exec_module(module)
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main()
