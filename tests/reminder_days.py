"""Thirty days of reminders whose senders are killed at random points: what the mail server got, and what the books say.

``python -m tests.reminder_days`` runs it on a throwaway server and prints the figures.
"""

import json
import multiprocessing
import os
import random
import signal
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from include.actions.config import OutboxConfig
from include.actions.outbox import message_id
from include.actions.reminders import propose_reminders
from include.actions.rules import RemindersConfig
from include.actions.sender import send_due
from include.warehouse.connection import Warehouse
from include.window import Window
from tests.post_office import STEPS, PostOffice, mail_connection

FIRST = date(2026, 3, 16)  # the clocks of Europe change on the 29th
REPS, DEALS_A_REP = 8, 6
PRELOAD = ["tests.reminder_days", "include.actions.mail", "include.actions.web_request"]
EVERY_DAY = {
    day: ["08:00", "18:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
}
OUTBOX = {
    "dry_run": False, "most_a_day": 100, "attempts": 5,
    "channels": {"email": {"kind": "email", "connection": "crm_mail", "from": "Autopilot <crm@acme.example>"}},
}  # fmt: skip
REMINDERS = {
    "calendars": [{"name": "default", "timezone": "Europe/Berlin", "week": EVERY_DAY}],
    "language": "en", "most_deals": 4,
    "rules": [{
        "name": "stage_overdue", "kind": "stage_overdue", "limit_days": 5, "to": ["rep"], "cooldown_days": 1,
        "wording": {"en": "{{ days }} days in {{ stage }}", "zh": "{{ stage }} {{ days }} 天"},
    }],
}  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """What became of all messages.

    :param doubled: messages that the server has more than once.
    :param lost: messages that are noted as sent and are not at the server, or are in no state that says what became
        of them.
    :param unknown: mails at the server whose message is neither noted as sent nor listed as uncertain.
    :param uncertain: messages listed as uncertain; of these ``arrived`` are at the server.
    :param backfilled: mails that a backfill of the same days sent.
    """

    days: int
    messages: int
    senders: int
    killed: int
    sent: int
    uncertain: int
    arrived: int
    doubled: int
    lost: int
    unknown: int
    backfilled: int


def simulate(warehouse: Warehouse, days: int = 30, seed: int = 7) -> Figures:
    """Propose and send day by day; every sender but the day's last one may be killed at a point drawn by ``seed``."""
    dice = random.Random(seed)
    outbox, reminders = OutboxConfig.model_validate(OUTBOX), RemindersConfig.model_validate(REMINDERS)
    with warehouse.connect() as connection:
        write_deals(connection)
    windows = [Window.day(FIRST + timedelta(days=n)) for n in range(days)]
    office = PostOffice()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    counts: Counter[str] = Counter()
    try:
        for window in windows:
            propose_reminders(warehouse, reminders, outbox, window, window.end + timedelta(hours=2))
            now = window.end + timedelta(hours=9)
            for is_last in [False] * dice.randint(1, 3) + [True]:
                counts["killed"] += _senders(context, warehouse, office, now, dice, is_last)
                counts["senders"] += 1
        office.at = lambda step, recipient: None
        after = windows[-1].end + timedelta(days=2)
        send_due(warehouse, outbox, office.connection, lambda: after)
        before = len(office.mails)
        for window in windows:  # a backfill of the same days, weeks later
            now = windows[-1].end + timedelta(days=30)
            propose_reminders(warehouse, reminders, outbox, window, now)
            send_due(warehouse, outbox, office.connection, lambda now=now: now)  # type: ignore[misc]
        return _figures(warehouse, office, days, counts, len(office.mails) - before)
    finally:
        office.close()


def write_deals(connection: psycopg.Connection) -> None:
    """Reps with an address, and open deals that stay where they are."""
    opened = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for rep in range(REPS):
        connection.execute(
            "insert into core.dim_rep (rep_id, valid_from, is_current, source, full_name, email, is_active)"
            " values (%s, %s, true, 'crm', %s, %s, true)",
            [f"crm:{rep}", opened, f"Rep {rep}", f"rep{rep}@acme.example"],
        )
        for number in range(DEALS_A_REP):
            deal = f"{rep}-{number}"
            connection.execute(
                "insert into mart.deal (source, deal_id, deal_name, status, stage_name, stage_position, probability,"
                " amount, currency, rep_id, created_at)"
                " values ('crm', %s, %s, 'open', 'Proposal', 1, 0.5, %s, 'EUR', %s, %s)",
                [deal, f"Deal {deal}", 1000 * (number + 1), f"crm:{rep}", opened],
            )
            connection.execute(
                "insert into mart.deal_stage (source, deal_id, visit_no, stage_key, stage_name, stage_position,"
                " probability, status, entered_at) values ('crm', %s, 1, 's1', 'Proposal', 1, 0.5, 'open', %s)",
                [deal, opened],
            )


def _senders(
    context: Any, warehouse: Warehouse, office: PostOffice, now: datetime, dice: random.Random, is_last: bool
) -> int:
    """One or two senders at once, of which one is killed at a step of one of its mails unless they are the day's last.

    :returns: how many were killed.
    """
    step, mail = dice.choices(STEPS, (1, 1, 1, 1, 1, 3, 3))[0], dice.randint(1, 2)
    pause = dice.uniform(0, 0.004) if step == "accepted" else 0.0
    children: list[Any] = []
    started = threading.Event()
    steps: Counter[str] = Counter()

    def at(reached: str, recipient: str) -> None:
        steps[reached] += 1
        if not is_last and reached == step and steps[reached] == (1 if step in ("connect", "helo") else mail):
            time.sleep(pause)  # between the server's answer and the note of it
            started.wait()
            os.kill(children[0].pid, signal.SIGKILL)
            time.sleep(0.02)  # until it is gone: it must not see the answer

    office.at = at
    for _ in range(dice.choice((1, 1, 1, 2))):
        child = context.Process(target=send, args=(warehouse.url, office.port, now.isoformat()))
        child.start()
        children.append(child)
        started.set()
    for child in children:
        child.join(60)
    codes = [child.exitcode for child in children]
    assert set(codes) <= {0, -signal.SIGKILL}, codes
    return codes.count(-signal.SIGKILL)


def send(url: str, port: int, now: str) -> None:
    """A sender, in a process of its own."""
    at = datetime.fromisoformat(now)
    config = OutboxConfig.model_validate(OUTBOX)
    send_due(Warehouse(url), config, lambda conn_id: mail_connection(port), lambda: at)


def _figures(warehouse: Warehouse, office: PostOffice, days: int, counts: Counter[str], backfilled: int) -> Figures:
    there = Counter(str(mail["Message-ID"]) for mail in office.mails)
    with warehouse.connect() as connection:
        rows = connection.execute("select message_key, state from ops.outbox").fetchall()
    at_server = {key: there[message_id(key, "acme.example")] for key, _ in rows}
    sent = {key for key, state in rows if state == "sent"}
    uncertain = {key for key, state in rows if state == "uncertain"}
    return Figures(
        days=days,
        messages=len(rows),
        senders=counts["senders"],
        killed=counts["killed"],
        sent=len(sent),
        uncertain=len(uncertain),
        arrived=sum(at_server[key] > 0 for key in uncertain),
        doubled=sum(count > 1 for count in there.values()),
        lost=sum(at_server[key] == 0 for key in sent) + len(rows) - len(sent) - len(uncertain),
        unknown=sum(there.values()) - sum(at_server[key] for key in sent | uncertain),
        backfilled=backfilled,
    )


def main() -> None:
    """Print the figures of thirty days."""
    import tempfile
    from pathlib import Path

    from include.local.postgres import Cluster
    from include.warehouse.migrations import migrate

    with tempfile.TemporaryDirectory(prefix="crm-reminders-") as folder:
        cluster = Cluster(Path(folder))
        cluster.start()
        try:
            warehouse = Warehouse(cluster.url())
            migrate(warehouse)
            print(json.dumps(asdict(simulate(warehouse)), indent=2))
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
