"""Files in stores that fsspec reaches, and the connection that opens them."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from include.sources import Memory, Page, SourceConnection, SourceError, read, set_aside
from include.sources.config import Source
from include.sources.files import store
from include.window import Window

DAY = Window.day("2026-03-05")


class GuardedFileSystem(MemoryFileSystem):
    """A store of its own that wants a key, and tells little of its files."""

    protocol = "guarded"
    store: dict[str, Any] = {}  # noqa: RUF012 (as the class that it comes from)
    pseudo_dirs = [""]  # noqa: RUF012

    def __init__(self, key: str = "", **options: Any) -> None:
        super().__init__(**options)
        if key != "open sesame":
            raise PermissionError(f"wrong key {key}")

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        return super()._strip_protocol(path.replace("guarded://", "memory://"))

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        found = super().info(path, **options)
        found.pop("created", None)
        return (
            {**found, "LastModified": datetime(2026, 3, 6, 2, tzinfo=UTC), "ETag": f'"{hash(self.cat(path))}"'}
            if (found["type"] == "file")
            else found
        )


fsspec.register_implementation("guarded", GuardedFileSystem)


@pytest.fixture(autouse=True)
def at_rest(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(store, "SETTLED_SECONDS", 0.0)
    yield
    MemoryFileSystem.store.clear()
    GuardedFileSystem.store.clear()


def source(**config: Any) -> Source:
    files = {"pattern": "orders-*", "columns": ["id", "name"], **config}
    entity = {"feeds": "order_line", "id": "id", "version_at": None, "files": files}
    return Source.model_validate(
        {
            "name": "shop", "description": "A test.", "kind": "files", "connection": "shop", "enabled": False,
            "entities": {"orders": entity},
        }
    )  # fmt: skip


def pages(connection: SourceConnection, memory: Memory | None = None, **config: Any) -> list[Page]:
    made = source(**config)
    return list(read(made, made.entities["orders"], DAY, connection, memory))


def ids(found: list[Page]) -> list[str]:
    return [row["id"] for page in found for row in page.rows]


def at(url: str, **options: Any) -> SourceConnection:
    return SourceConnection(extra={"path": url, **({"storage_options": options} if options else {})})


def fill(fs: Any, folder: str) -> None:
    """What every store holds: of the day, of another, in a folder below, unfinished, packed, bad."""
    header = b"id,name\n"
    files = {
        "orders-2026-03-05.csv": header + b"1,a\n",
        "orders-2026-03-06.csv": header + b"2,b\n",
        "below/orders-2026-03-05.csv": header + b"3,c\n",
        "orders-2026-03-05.csv.part": b"id,na",
        "orders-2026-03-05.csv.gz": gzip.compress(header + b"5,e\n"),
        "orders-2026-03-05-bad.csv": b"nothing\n",
    }
    for name, content in files.items():
        fs.pipe_file(f"{folder}/{name}", content, mode="overwrite")


def check(connection: SourceConnection, fs: Any, folder: str) -> None:
    """A window takes what is of it, once; the bad file goes aside; what is new is read."""
    memory = Memory()
    config: dict[str, Any] = {"date_pattern": r"orders-(\d{4}-\d{2}-\d{2}).*", "aside": "bad"}
    found = pages(connection, memory, **config)
    assert sorted(ids(found)) == ["1", "5"]
    assert [item.reason for page in found for item in page.unreadable] == ["wrong_header"]
    assert all(page.seen_at and DAY.start < page.seen_at < DAY.end for page in found)
    assert set_aside(source(**config).entities["orders"], connection, memory) == (1, 0)
    assert fs.cat_file(f"{folder}/bad/orders-2026-03-05-bad.csv") == b"nothing\n"
    assert b"wrong_header" in fs.cat_file(f"{folder}/bad/orders-2026-03-05-bad.csv.reason.txt")
    assert pages(connection, memory, **config) == []
    assert memory.skipped == 2
    fs.pipe_file(f"{folder}/orders-2026-03-05.csv", b"id,name\n1,other\n", mode="overwrite")
    assert ids(pages(connection, memory, **config)) == ["1"]
    assert ids(pages(connection, Memory(), pattern="**/orders-*.csv", **config))[-1:] == ["1"]
    assert sorted(ids(pages(connection, pattern="**/orders-*", **config))) == ["1", "3", "5"]


def test_a_store_in_memory() -> None:
    fs = fsspec.filesystem("memory")
    fill(fs, "/bucket/orders")
    check(at("memory://bucket/orders"), fs, "/bucket/orders")


def test_a_folder_by_its_url(tmp_path: Path) -> None:
    fs = fsspec.filesystem("file", auto_mkdir=True)
    fill(fs, f"{tmp_path}/[a] folder")
    check(at(f"file://{tmp_path}/[a] folder"), fs, f"{tmp_path}/[a] folder")


def test_a_store_that_wants_a_key() -> None:
    fs = fsspec.filesystem("guarded", key="open sesame")
    fill(fs, "/bucket/orders")
    check(at("guarded://bucket/orders", key="open sesame"), fs, "/bucket/orders")
    made = source(path="guarded://bucket/{connection.extra.path}")
    connection = SourceConnection(extra={"path": "orders", "storage_options": {"key": "open sesame"}})
    assert sorted(ids(list(read(made, made.entities["orders"], DAY, connection)))) == ["1", "2", "5"]


def test_what_opens_a_store_is_in_no_message() -> None:
    for connection in (
        at("guarded://bucket/orders", key="hush"),
        at("guarded://user:hush@bucket/orders"),
        at("nosuch://hush@bucket", password="hush"),
        SourceConnection(extra={"path": "s4://x"}, filesystem=lambda scheme: {"hush": scheme}["s3"]),
    ):
        with pytest.raises(SourceError, match="the store cannot be opened") as caught:
            pages(connection)
        assert "hush" not in str(caught.value) + repr(connection)


def test_a_missing_folder_is_told() -> None:
    with pytest.raises(SourceError, match=r"there is no such folder \(memory://bucket/none\)"):
        pages(at("memory://bucket/none"))


def test_a_file_that_is_replaced_while_it_is_fetched() -> None:
    fs = fsspec.filesystem("memory")
    fs.pipe_file("/bucket/orders-1.csv", b"id,name\n" + b"1,a\n" * 6_000)
    made = source()
    reading = iter(read(made, made.entities["orders"], DAY, at("memory://bucket")))
    next(reading)
    fs.pipe_file("/bucket/orders-1.csv", b"id,name\n2,b\n")
    with pytest.raises(SourceError, match="changed while it was read"):
        list(reading)


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "here").mkdir()
    real = tmp_path / "there" / "x"
    real.write_text("id,name\n1,a\n")
    (tmp_path / "here" / "orders-1.csv").symlink_to(real)
    memory = Memory()
    assert ids(pages(at(str(tmp_path / "here")), memory)) == ["1"]
    real.write_text("id,name\n2,a\n")
    assert ids(pages(at(str(tmp_path / "here")), memory)) == ["2"]
