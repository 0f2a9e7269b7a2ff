"""Every asset, named once: what DAGs publish and wait for.  Their partitions are business days, ``2026-11-22``."""

from airflow.sdk import Asset

CORE = Asset("crm://core")
SALES = Asset("crm://mart/sales")
SERVICE = Asset("crm://mart/service")
CUSTOMERS = Asset("crm://mart/customers")
REPORTS = Asset("crm://reports")


def source_asset(source: str) -> Asset:
    """What a source brought into staging."""
    return Asset(f"crm://staging/{source}")
