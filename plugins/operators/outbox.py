"""The steps that remind people and tell them what is urgent, and that send what is in the outbox."""

from dataclasses import asdict
from datetime import UTC, datetime

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from include.settings import WAREHOUSE_CONN_ID
from plugins.hooks.channel import find_connection
from plugins.hooks.warehouse import WarehouseHook
from plugins.operators.day import DayOperator


class ProposeRemindersOperator(DayOperator):
    """
    Put a day's reminders into the outbox; returns the counts. Skipped for a day that is not fresh.

    Nothing is sent here: see `SendOutboxOperator`.

    :param day: the business day, ``2026-11-22``. (templated)
    :param warehouse_conn_id: the warehouse's connection.
    """

    ui_color = "#fce7f3"

    def execute(self, context) -> dict:
        from include.actions.config import load_outbox_config
        from include.actions.reminders import propose_reminders
        from include.actions.rules import load_reminders_config

        outbox = load_outbox_config()
        proposed = propose_reminders(
            self.warehouse,
            load_reminders_config(outbox),
            outbox,
            self.window,
            datetime.now(UTC),
        )
        if proposed.skipped:
            raise AirflowSkipException(f"Nothing is proposed: {proposed.skipped}.")
        return asdict(proposed)


class ProposeAlertsOperator(DayOperator):
    """
    Put what people in service have to know of a day into the outbox; returns the counts. Skipped for a day that is not
    fresh.

    Nothing is sent here: see `SendOutboxOperator`.

    :param day: the business day, ``2026-11-22``. (templated)
    :param warehouse_conn_id: the warehouse's connection.
    """

    ui_color = "#fce7f3"

    def execute(self, context) -> dict:
        from include.actions.alert_rules import load_alerts_config
        from include.actions.alerts import propose_alerts
        from include.actions.config import load_outbox_config
        from include.actions.rules import load_reminders_config

        outbox = load_outbox_config()
        reminders = load_reminders_config(outbox)
        proposed = propose_alerts(
            self.warehouse,
            load_alerts_config(outbox, reminders),
            reminders,
            outbox,
            self.window,
            datetime.now(UTC),
        )
        if proposed.skipped:
            raise AirflowSkipException(f"Nothing is proposed: {proposed.skipped}.")
        return asdict(proposed)


class SendOutboxOperator(BaseOperator):
    """
    Send what is approved and due in the outbox, each message once; returns the counts.

    Which messages, to whom and by what is in ``ops.outbox`` and include/config/outbox.yaml. A task that is killed
    leaves at most one message in doubt, which becomes ``uncertain`` and is not sent again by itself.

    :param warehouse_conn_id: the warehouse's connection.
    """

    ui_color = "#fce7f3"

    def __init__(self, *, warehouse_conn_id: str = WAREHOUSE_CONN_ID, **kwargs) -> None:
        super().__init__(**kwargs)
        self.warehouse_conn_id = warehouse_conn_id

    def execute(self, context) -> dict[str, int]:
        from include.actions.config import load_outbox_config
        from include.actions.sender import send_due

        warehouse = WarehouseHook(self.warehouse_conn_id).warehouse
        return send_due(warehouse, load_outbox_config(), find_connection, lambda: datetime.now(UTC))
