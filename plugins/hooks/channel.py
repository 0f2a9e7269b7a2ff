"""The connections of the outbox's channels, as Airflow has them."""

from airflow.sdk.bases.hook import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from include.actions.channels import NotSentError


def find_connection(conn_id: str):
    """A channel's connection.

    :raises NotSentError: when there is none; the channel's messages then wait.
    """
    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        told = f"there is no Airflow connection {conn_id}: add it, see docs/reminders.md"
        raise NotSentError(told, is_channel=True) from None
