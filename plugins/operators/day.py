"""What steps that work on a business day have in common."""

from airflow.sdk import BaseOperator

from include.settings import WAREHOUSE_CONN_ID
from include.warehouse.connection import Warehouse
from include.window import Window
from plugins.hooks.warehouse import WarehouseHook


class DayOperator(BaseOperator):
    """
    A step that works on a business day, in the warehouse.

    :param day: the business day, ``2026-11-22``. (templated)
    :param warehouse_conn_id: the warehouse's connection.
    """

    template_fields = ("day",)

    def __init__(
        self, *, day: str = "{{ partition_key }}", warehouse_conn_id: str = WAREHOUSE_CONN_ID, **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.day = day
        self.warehouse_conn_id = warehouse_conn_id

    @property
    def warehouse(self) -> Warehouse:
        return WarehouseHook(self.warehouse_conn_id).warehouse

    @property
    def window(self) -> Window:
        """
        The day as a window.

        :raises ValueError: when the run has no day: one that was triggered by hand has no partition.
        """
        if self.day in ("", "None"):
            raise ValueError(
                "this run has no business day, as one that is triggered by hand: run the DAG for a day by "
                "./crm airflow backfill create (docs/operations.md, Run a day again)"
            )
        return Window.day(self.day)
