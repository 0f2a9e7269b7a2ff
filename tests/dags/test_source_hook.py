"""The hook of sources, with Airflow's own connections and file systems."""

from pathlib import Path

import pytest

from include.sources import read
from include.sources.config import load_source
from include.window import Window


def test_airflow_opens_the_store_of_a_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    extra = f'{{"path": "file://{tmp_path}/orders"}}'
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_FOLDER", f'{{"conn_type": "fs", "extra": {extra}}}')
    from plugins.hooks.source import SourceHook

    connection = SourceHook("shop_folder").get_conn()
    assert connection.filesystem and connection.filesystem("nosuch") is None
    # of local files, Airflow's file system is fsspec's own
    assert type(connection.filesystem("file")).__name__ == "LocalFileSystem"

    orders = load_source("sandbox_orders")
    columns = orders.entities["orders"].files.columns  # type: ignore[union-attr]
    (tmp_path / "orders").mkdir()
    header, line = ",".join(columns), ",".join("x" for _ in columns)
    (tmp_path / "orders" / "orders-2026-03-05.csv").write_text(f"{header}\n{line}\n")
    (page,) = read(orders, orders.entities["orders"], Window.day("2026-03-05"), connection)
    assert page.rows == [dict.fromkeys(columns, "x")]
