"""``./crm outbox``, as a person uses it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from include.actions.outbox import Message, propose
from include.cli import app, main
from include.local import services
from include.warehouse.connection import Warehouse
from tests.conftest import Databases
from tests.sql.test_outbox import config


def test_a_doubt_is_listed_and_settled(embedded_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "warehouse", lambda: embedded_warehouse)
    now = datetime.now(UTC)

    def crm(*arguments: str, fails: bool = False) -> str:
        done = CliRunner().invoke(app, ["outbox", *arguments])
        assert done.exit_code == (1 if fails else 0), done.output
        return done.output

    with embedded_warehouse.connect() as connection:
        for key, subject in (("a", "3 deals to look at"), ("b", "nothing to do with [it]")):
            message = Message(
                key, "reminder", "email", "ann@acme.example", subject, "the text", now, now + timedelta(1)
            )
            propose(connection, config(dry_run=True), message, now)
        connection.execute(
            "update ops.outbox set state = 'uncertain', sending_at = now(), attempts = 1, reason = 'cut off'"
            " where message_key = 'b'"
        )
    told = crm("list")
    assert told.index("nothing to do with [it]") < told.index("3 deals to look at")  # what is in doubt comes first
    assert "cut off" in told and "./crm outbox close" in told
    assert "nothing to do" not in crm("list", "--state", "proposed")
    assert "the text" in crm("show", "1")
    assert "There is no message 9" in crm("show", "9", fails=True)
    assert "2 is uncertain; expected proposed or approved or failed" in crm("cancel", "2", fails=True).replace(
        "\n", " "
    )
    crm("close", "2", "--not-arrived", "--by", "eve")
    assert "dry_run is on" in crm("approve", "1", "--by", "eve")
    with embedded_warehouse.connect() as connection:
        found = connection.execute("select state, decided_by from ops.outbox order by outbox_id").fetchall()
    assert found == [("approved", "eve"), ("cancelled", "eve")]


def test_a_warehouse_without_its_tables_and_a_folder_that_is_none_are_told(
    embedded: Databases, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def crm(*arguments: str) -> str:
        monkeypatch.setattr("sys.argv", ["crm", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        assert stopped.value.code == 1
        return capsys.readouterr().err

    empty = embedded.empty()
    monkeypatch.setattr(services, "warehouse", lambda: empty)
    days = ("--from", "2026-11-01", "--to", "2026-11-30")
    for command in (("outbox", "list"), ("report", "sales", *days)):
        told = crm(*command)
        assert 'is not made yet, or is of another version of the project (relation "ops.' in told and "./crm up" in told
    made = embedded.warehouse()
    with made.connect() as connection:
        connection.execute(
            "insert into ops.load (source, entity, kind, window_start, window_end)"
            " values ('crm', 'deals', 'pull', '2026-11-09', '2026-11-10')"
        )
        connection.execute("alter table mart.deal rename column status to was_status")
    monkeypatch.setattr(services, "warehouse", lambda: made)
    monkeypatch.setattr("include.reports.by_hand.REPORTS", tmp_path / "reports")
    told = crm("report", "sales", *days)
    assert 'of another version of the project (column "status" does not exist)' in told and "Traceback" not in told
    with made.connect() as connection:
        connection.execute("alter table mart.deal rename column was_status to status")
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(services, "warehouse", lambda: made)
    monkeypatch.setattr("include.reports.by_hand.REPORTS", tmp_path / "file")
    assert "Not a directory" in crm("report", "sales", *days)
