"""
Airflow's own hook for a site's settings: every process of Airflow's reads this as it starts.

Great Expectations and matplotlib take six seconds to import. A task of the local executor is a fork of a fork of the
scheduler, so what the scheduler has imported costs its tasks nothing.
"""

import sys

__all__: list[str] = []

if sys.argv[1:2] == ["scheduler"]:
    from include.quality.expectations import gx_context
    from include.reports import charts  # noqa: F401

    gx_context()
