"""A daily mart as a Tableau extract, and by a frame of pandas that is given to pantab, as its documentation has it."""

import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from include.extracts.config import Extract
from include.extracts.make import Made, make
from include.warehouse.connection import Warehouse

ROWS_A_DAY = 2_000

FILL = """
create table mart.bench_daily as
select
    '2020-01-01'::date + (n / %(rows_a_day)s)::integer as day_on,
    n % %(rows_a_day)s as place,
    'c' || n as customer_id,
    'Kundin 快乐 ' || n as full_name,
    case when n % 3 > 0 then (array['EUR', 'USD', 'CNY'])[1 + n % 3] end as currency,
    (n % 100000)::numeric(14, 2) / 7 as amount,
    (n % 1000 / 7.0)::numeric(14, 2) as price,
    timestamptz '2020-01-01' + n * interval '1 minute' as seen_at,
    n % 2 = 0 as is_open,
    n * 1.1::float8 as score
from generate_series(0::bigint, %(rows)s - 1) as n
"""

EXTRACT = Extract(table="mart.bench_daily", key=("day_on", "place"), mode="incremental", day="day_on")


@dataclass(frozen=True)
class Measured:
    """The extract in full, again for ten days that were built since, and the rival's seconds and megabytes."""

    full: Made
    days: Made
    rival_seconds: float
    rival_megabytes: float
    rows: int


def fill(connection: psycopg.Connection, rows: int) -> None:
    """Fill the mart."""
    cursor = psycopg.ClientCursor(connection)
    cursor.execute(FILL.replace(" % ", " %% ").encode(), {"rows": rows, "rows_a_day": ROWS_A_DAY})
    cursor.execute(
        "insert into ops.mart_day (subject, day_on, is_stale) select distinct 'sales', day_on, false"
        " from mart.bench_daily"
    )
    connection.commit()


def measure(url: str, folder: Path) -> Measured:
    """Make the extract, then the ten days, then let the rival write the same rows."""
    warehouse = Warehouse(url)
    full = make(warehouse, "ours", EXTRACT, folder=folder)
    with warehouse.connect() as connection:
        connection.execute(
            "update ops.mart_day set built_at = clock_timestamp() where day_on in"
            " (select day_on from ops.mart_day order by day_on desc limit 10)"
        )
    days = make(warehouse, "ours", EXTRACT, folder=folder)
    seconds, megabytes = rival(url, folder / "rival.hyper")
    return Measured(full, days, seconds, megabytes, full.rows)


def rival(url: str, file: Path) -> tuple[float, float]:
    """A frame of pandas, read by SQLAlchemy, given to pantab; seconds and megabytes."""
    import pandas
    import pantab
    import sqlalchemy as sa

    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    started = time.perf_counter()
    with engine.connect() as connection:
        frame = pandas.read_sql("select * from mart.bench_daily", connection)
    # without this pantab has no type for its decimals
    for column in ("amount", "price"):
        frame[column] = frame[column].astype("float64")
    pantab.frame_to_hyper(frame, file, table="Extract")
    return time.perf_counter() - started, file.stat().st_size / 1e6
