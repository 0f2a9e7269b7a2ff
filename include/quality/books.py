"""The data docs of what was validated last, from the results that the books keep."""

from pathlib import Path

from include.quality.docs import StoredValidation, build_docs
from include.settings import STATE
from include.warehouse.connection import Warehouse

LATEST = 3


def build_latest_docs(warehouse: Warehouse, folder: Path = STATE / "data_docs") -> Path:
    """Write the data docs of each suite's latest runs; returns their index page."""
    with warehouse.connect() as connection:
        rows = connection.execute(
            "select v.suite, v.window, v.load_id, v.result from ("
            " select v.suite, v.load_id, v.result, (l.window_start at time zone 'UTC')::date || ' to '"
            " || (l.window_end at time zone 'UTC')::date as window,"
            " row_number() over (partition by v.suite order by v.validation_id desc) as age"
            " from ops.validation as v inner join ops.load as l using (load_id)) as v"
            " where v.age <= %s order by v.suite, v.load_id desc",
            [LATEST],
        ).fetchall()
    return build_docs(
        (StoredValidation(suite, window, str(load), result) for suite, window, load, result in rows), folder
    )
