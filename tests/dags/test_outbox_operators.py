"""The operators of reminders and the outbox, with Airflow's connections, a real warehouse and a real mail server."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from include.actions import config, rules
from include.settings import CONFIG
from include.warehouse.connection import Warehouse
from tests.post_office import PostOffice
from tests.reminder_days import REPS, write_deals


def test_propose_and_send(embedded_warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from plugins.operators.outbox import ProposeRemindersOperator, SendOutboxOperator

    monkeypatch.setenv("AIRFLOW_CONN_CRM_WAREHOUSE", embedded_warehouse.url)
    # a calendar that is open all day long, so that it does not matter when the test runs
    week = "\n".join(f'      {day}: ["00:00", "00:00"]' for day in (
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    ))  # fmt: skip
    text = (CONFIG / "reminders.yaml").read_text()
    start, end = text.index("calendars:"), text.index("# en or zh")
    hours = f"calendars:\n  - name: default\n    timezone: UTC\n    week:\n{week}\n"
    text = text[:start] + hours + text[end:].replace("calendar: shanghai, ", "").replace(", calendar: shanghai", "")
    (tmp_path / "reminders.yaml").write_text(text)
    (tmp_path / "outbox.yaml").write_text(
        (CONFIG / "outbox.yaml").read_text().replace("dry_run: true", "dry_run: false")
    )
    for module in (config, rules):
        monkeypatch.setattr(module, "CONFIG", tmp_path)
    with embedded_warehouse.connect() as connection:
        write_deals(connection)
    today = datetime.now(UTC).date()
    old = ProposeRemindersOperator(task_id="propose_old", day=str(today - timedelta(days=3)))
    with pytest.raises(AirflowSkipException, match="not fresh"):
        old.execute({})
    proposed = ProposeRemindersOperator(task_id="propose_reminders", day=str(today - timedelta(days=1))).execute({})
    assert proposed["messages"] == REPS
    send = SendOutboxOperator(task_id="send_outbox")
    assert send.execute({})["again"] == 1
    with embedded_warehouse.connect() as connection:
        told = connection.execute("select reason from ops.outbox where reason is not null").fetchall()
        assert told == [("there is no Airflow connection crm_mail: add it, see docs/reminders.md",)]
        connection.execute("update ops.outbox set attempt_after = not_before")
    office = PostOffice()
    address = f"smtp://127.0.0.1:{office.port}/?disable_ssl=true&disable_tls=true"
    monkeypatch.setenv("AIRFLOW_CONN_CRM_MAIL", address)
    assert send.execute({})["sent"] == REPS
    assert len(office.mails) == REPS
    office.close()
