"""Every asset, named once: what DAGs publish and wait for.  Their partitions are business days, ``2026-11-22``."""

from airflow.sdk import Asset

STAGING = Asset("crm://staging")  # every source that is switched on has published the day
CORE = Asset("crm://core")
MARTS = Asset("crm://mart")  # every subject is built for the day
REPORTS = Asset("crm://reports")


def webhooks_of(source: str) -> Asset:
    """Published when webhooks of a source wait; without partitions, and for the source's own DAG only."""
    return Asset(f"crm://webhooks/{source}")
