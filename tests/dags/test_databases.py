"""Databases as Airflow's connections, and the steps that read from them and publish to them."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml

from include.sources.connection import SourceConnection
from include.warehouse.connection import Warehouse
from tests.conftest import Databases


@pytest.fixture(scope="module", autouse=True)
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where Airflow keeps its settings, before it is imported."""
    os.environ.setdefault("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))


@pytest.mark.parametrize(
    ("connection", "address"),
    [
        ("mysql://ann:p%40ss%2Fword@db.example:3307/shop", "mysql+pymysql://ann:p%40ss%2Fword@db.example:3307/shop"),
        ("postgres://ann:hush@db/shop?sslmode=require", "postgresql+psycopg://ann:hush@db/shop?sslmode=require"),
        ('{"conn_type": "sqlite", "host": "/data/shop.db"}', "sqlite:////data/shop.db"),
        (
            '{"conn_type": "generic", "host": "db", "login": "ann", "password": "hush", "schema": "shop",'
            ' "extra": {"driver": "mysql+pymysql", "ssl_ca": "/ca.pem"}}',
            "mysql+pymysql://ann:hush@db/shop?ssl_ca=%2Fca.pem",
        ),
        ("http://ann:hush@api.example", ""),
    ],
)
def test_a_connection_is_sqlalchemys_address(monkeypatch: pytest.MonkeyPatch, connection: str, address: str) -> None:
    from plugins.hooks.database import DatabaseHook
    from plugins.hooks.source import SourceHook

    monkeypatch.setenv("AIRFLOW_CONN_SHOP", connection)
    assert DatabaseHook("shop").get_conn() == address
    opened: SourceConnection = SourceHook("shop").get_conn()
    assert opened.database_url == address
    assert (opened.base_url == "") == bool(address)
    assert "hush" not in repr(opened) and "p@ss" not in repr(opened)


def test_a_publication_is_published_by_its_operator_on_fresh_days(
    embedded: Databases, postgres: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    from plugins.operators.publish import PublishTableOperator

    warehouse: Warehouse = embedded.warehouse()
    entry = {"connection": "shop", "query": "select 'a' as k, 1 as n", "to": "pairs", "key": "k"}
    (tmp_path / "publish.yaml").write_text(yaml.safe_dump({"publications": {"pairs": entry}}))
    monkeypatch.setattr("include.publish.config.CONFIG", tmp_path)
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", postgres)
    monkeypatch.setenv("AIRFLOW_CONN_CRM_WAREHOUSE", warehouse.url)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    for day, count in ((str(yesterday), 1), ("", 0)):
        done = PublishTableOperator(task_id="publish_pairs", publication="pairs", day=day).execute({})
        assert done == {"rows": 1, "inserted": count, "updated": 0, "deleted": 0}
    with pytest.raises(AirflowSkipException, match="A past day changes nothing"):
        PublishTableOperator(task_id="publish_pairs", publication="pairs", day="2026-01-01").execute({})
    engine = sa.create_engine(postgres.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("select * from pairs").fetchall() == [("a", 1)]


def test_a_publication_is_checked_when_it_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from include.config_files import ConfigError
    from include.publish.config import load_publications

    assert load_publications() == {}
    monkeypatch.setattr("include.publish.config.CONFIG", tmp_path)
    good = {"connection": "shop", "table": "mart.customer_360", "to": "customers", "key": ["customer_id"]}
    wrong = [
        ({**good, "query": "select 1"}, "publications.a: give table: or query:, one of them"),
        ({**good, "key": []}, "publications.a.key"),
        ({**good, "colour": "red"}, "publications.a.colour: Extra inputs are not permitted"),
    ]
    for entry, says in wrong:
        (tmp_path / "publish.yaml").write_text(yaml.safe_dump({"publications": {"a": entry}}))
        with pytest.raises(ConfigError, match=says):
            load_publications()
