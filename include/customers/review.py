"""Review: pairs of records that are neither a sure match nor a sure non-match, with what speaks for and against."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg

from include.customers.kinds import Kind
from include.settings import SQL

# of a record's fields, those that a person tells two people or companies apart by
SHOWN = ("full_name", "name", "email", "phone", "company_name", "domain", "city", "country")


@dataclass(frozen=True)
class Doubt:
    """Two records that may be one: their ids, what they say, and the weight of each field's agreement."""

    records: tuple[str, str]
    ids: tuple[str, str]
    probability: float
    weight: float
    agreement: dict[str, float | None]
    value: Decimal
    fields: tuple[dict[str, Any], dict[str, Any]]

    def as_text(self) -> str:
        """Three lines for people."""
        weights = sorted(
            ((weight, name) for name, weight in self.agreement.items() if weight), key=lambda w: -abs(w[0])
        )
        reasons = ", ".join(f"{name} {weight:+.1f}" for weight, name in weights)
        said = [
            f"  {record}  {', '.join(str(told[name]) for name in SHOWN if told.get(name))}"
            for record, told in zip(self.records, self.fields, strict=True)
        ]
        return "\n".join([f"{self.probability:.0%} the same ({reasons}), worth {self.value:,.0f}", *said])


def doubts(connection: psycopg.Connection, kind: Kind, most: int) -> list[Doubt]:
    """The pairs to review, the most valuable first: by the amounts of their deals that are not lost, and their orders.

    :param most: how many at most.
    """
    rows = connection.execute(
        (SQL / "report" / "identity_review.sql").read_bytes(), {"kind": kind.name, "most": most}
    ).fetchall()
    return [
        Doubt((row[0], row[1]), (row[2], row[3]), row[4], row[5], row[6], row[7], (row[8] or {}, row[9] or {}))
        for row in rows
    ]
