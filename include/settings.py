"""Paths, names and defaults of an installation, each named once."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo

PROJECT = Path(__file__).resolve().parents[1]
STATE = Path(os.environ.get("CRM_STATE") or PROJECT / ".crm")
CONFIG = PROJECT / "include" / "config"
SQL = PROJECT / "sql"
EXPECTATIONS = PROJECT / "expectations"
REPORTS = Path(os.environ.get("CRM_REPORTS") or STATE / "reports")
EXTRACTS = Path(os.environ.get("CRM_EXTRACTS") or STATE / "extracts")

WAREHOUSE_CONN_ID = "crm_warehouse"

# The one business time zone: a partition's day, daily marts and backlogs are days in it.
TIMEZONE = ZoneInfo(os.environ.get("CRM_TIMEZONE") or "UTC")

# A run whose window ended within this many hours is fresh: it also settles the days that older windows marked.
FRESH_HOURS = 36
