"""Quarantine: what people decide about rows that wait there."""

from collections.abc import Sequence

import psycopg


def dismiss(connection: psycopg.Connection, numbers: Sequence[int], by: str, why: str) -> int:
    """Let rows wait no longer: they stay with the reason, and are not tried again.

    :param numbers: of ops.quarantine; those that no longer wait are left as they are.
    :returns: how many were dismissed.
    """
    return connection.execute(
        "update ops.quarantine set state = 'dismissed', resolved_at = now(), resolved_by = %s, resolved_why = %s"
        " where quarantine_id = any(%s) and state = 'open'",
        [by, why, list(numbers)],
    ).rowcount


def dismiss_rule(connection: psycopg.Connection, source: str, entity: str, rule: str, by: str, why: str) -> int:
    """Dismiss every row of an entity that waits because of a rule, and maybe of others too."""
    return connection.execute(
        "update ops.quarantine set state = 'dismissed', resolved_at = now(), resolved_by = %s, resolved_why = %s"
        " where source = %s and entity = %s and %s = any(rules) and state = 'open'",
        [by, why, source, entity, rule],
    ).rowcount
