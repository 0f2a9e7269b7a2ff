"""What all DAGs share: default arguments, the list of tags, how keys of partitions look."""

from datetime import datetime, timedelta

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

START = datetime(2015, 1, 1)  # partitions before this cannot be backfilled
KEY_FORMAT = "%Y-%m-%d"
TAGS = frozenset({"ingest", "core", "marts", "reports", "publish", "quality", "operations", "actions"})

LONGEST_TASK = timedelta(hours=2)

DEFAULT_ARGS = {
    "owner": "data-engineering",
    "retries": 2,
    "retry_delay": timedelta(minutes=1),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=15),
    "execution_timeout": LONGEST_TASK,
    # what a person has to mend first is not tried again
    "retry_policy": ExceptionRetryPolicy(
        rules=[
            RetryRule(exception=name, action=RetryAction.FAIL, reason="needs a person to mend it")
            for name in (
                "include.config_files.ConfigError",
                "include.errors.NeedsPersonError",
                "include.errors.OutboxStoppedError",
                "include.errors.WarehouseTooOldError",
            )
        ]
    ),
}
