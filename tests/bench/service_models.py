"""How good the service models are, on help desks whose seeds nothing was tuned on.

Everything goes the whole way: the sandbox's help desk is pulled over HTTP, staged, built into core and marts. What
is an anomaly and what each ticket asks, the sandbox tells, from code that imports nothing of the product.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

from tests.bench.company import built

SEEDS = (20261126, 71, 905)
START, MONTHS = date(2025, 1, 1), 12
SIZE = {"companies": 200, "people": 500, "deals": 50, "tickets": 5000}


@dataclass(frozen=True)
class Truth:
    """What the sandbox tells: the planted anomalies of tickets, and the intent of each ticket."""

    anomalies: list[dict[str, Any]]
    intents: dict[str, str]


@contextmanager
def desk(url: str, seed: int) -> Iterator[tuple[psycopg.Connection, Truth]]:
    """The service marts of a sandbox help desk as of its last day.

    :param url: a migrated, empty warehouse.
    """
    end = date(START.year + MONTHS // 12, 1, 1)
    truths = ["anomalies", "intents"]
    with built(url, "sandbox_helpdesk", "service", seed, START, end, SIZE, truths) as (connection, truth):
        yield (
            connection,
            Truth(
                [one for one in truth["anomalies"] if one["figure"] == "tickets"],
                {str(one["ticket_id"]): one["intent"] for one in truth["intents"]},
            ),
        )


@dataclass(frozen=True)
class Anomalies:
    """Of the days planted to be unusual: how many were told, and of spikes how many with the product behind them."""

    planted: int
    told: int
    spikes: int
    explained: int
    false_a_month: float


def anomalies(connection: psycopg.Connection, truth: Truth) -> Anomalies:
    """What mart.service_expectation tells of days, against what was planted."""
    planted = {date.fromisoformat(one["day"]): one["product"] for one in truth.anomalies}
    rows = {
        day: (is_anomaly, explained_by)
        for day, is_anomaly, explained_by in connection.execute(
            "select period_start, is_anomaly, explained_by from mart.service_expectation where period = 'day'"
        )
    }
    judged = [day for day in planted if day in rows]
    told = [day for day in judged if rows[day][0]]
    spikes = [day for day in told if planted[day]]
    explained = [day for day in spikes if any(f"product_{planted[day]} " in part for part in rows[day][1][:1])]
    false = sum(is_anomaly for day, (is_anomaly, _) in rows.items() if day not in planted)
    return Anomalies(len(judged), len(told), len(spikes), len(explained), 30.4 * false / max(len(rows), 1))


def agreement(connection: psycopg.Connection, truth: Truth) -> float:
    """Homogeneity of the topics: how far the tickets of one topic ask one thing, 0 to 1 (Rosenberg, Hirschberg 2007).

    A topic may well be a part of an intent, the damages of one product, so the reverse is not asked.
    """
    from sklearn.metrics import homogeneity_score

    rows = connection.execute("select ticket_id, language || topic from mart.ticket_topic where topic <> 'other'")
    pairs = [(truth.intents[ticket], topic) for ticket, topic in rows if ticket in truth.intents]
    return float(homogeneity_score(*zip(*pairs, strict=True)))


def scores(connection: psycopg.Connection, model: str) -> dict[str, Any]:
    """Scores of the newest run of a model."""
    row = connection.execute(
        "select scores from ops.model_run where model = %s order by window_end desc, trained_at desc limit 1", [model]
    ).fetchone()
    return row[0] if row else {}
