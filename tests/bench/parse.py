"""``python -m tests.bench.parse FILE``: seconds to import a DAG file in a process that has imported Airflow."""

import importlib.util
import sys
import time

# what is left out: Airflow, the provider packages that come with it, and what it loads when it is first asked for
from airflow.providers.postgres.hooks import postgres  # noqa: F401
from airflow.providers.standard.operators import python  # noqa: F401
from airflow.sdk import DAG, CronPartitionTimetable  # noqa: F401


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
