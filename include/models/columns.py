"""What models read: the rows of a query, a column each."""

from pathlib import Path
from typing import Any

import psycopg


def read_columns(connection: psycopg.Connection, statement: Path, parameters: dict[str, Any]) -> dict[str, Any]:
    """The columns of a query by name, and ``key``, its first one; each as long as there are rows."""
    cursor = connection.execute(statement.read_bytes(), parameters)
    names = [column.name for column in cursor.description or ()]
    values = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(names)
    return {"key": values[0], **dict(zip(names, values, strict=True))}
