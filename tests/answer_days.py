"""Thirty days of answers to the sandbox's help desk whose senders are killed at random points: what the help desk got.

``./crm bench answers`` runs it and prints the figures. Each day is as in an installation: the sources are pulled at two
in the morning, marts are built, answers go out; at seven somebody decides about the drafts, and resends what is in
doubt. Between the senders and the help desk is a gateway that passes requests on, counts them, and kills senders.
"""

import multiprocessing
import os
import random
import signal
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import urllib3

from include.actions.config import OutboxConfig, load_outbox_config
from include.actions.outbox import resend
from include.actions.sender import send_due
from include.replies.answers import propose_answers
from include.replies.approvals import decide, drafts
from include.replies.config import load_replies
from include.replies.training import intent_model
from include.sandbox.catalog import DESK_TOKEN
from include.sources.config import load_sources
from include.warehouse.connection import Warehouse
from include.warehouse.core import build_core
from include.warehouse.marts import build_marts
from include.window import Window
from tests.deliveries import load
from tests.sandbox import Sandbox, running

START, FIRST, MONTHS = date(2025, 6, 1), date(2025, 7, 14), 3
SIZE = {"companies": 300, "people": 900, "deals": 100, "tickets": 2700}
SOURCES = ("sandbox_crm", "sandbox_helpdesk", "sandbox_orders")
# What happens first: the request is lost with its sender, or passed on; then answered, then the answer is read.
STEPS = ("lost", "asked", "done", "answered")
PRELOAD = ["tests.answer_days"]


@dataclass(frozen=True)
class Figures:
    """What became of all questions.

    :param tickets: opened on the days; of these ``asked`` were open and without an answer when they were looked at.
    :param alone: answered without a person, of these ``right`` as the sandbox knows what is asked.
    :param approved: sent after somebody approved them; ``rejected`` drafts are those whose intent was wrong.
    :param refused: not taken by the help desk, because somebody had changed the ticket since it was read.
    :param doubled: tickets that were answered more than once.
    :param lost: messages that are noted as sent and did not reach the help desk.
    :param unknown: answers at the help desk whose message is neither noted as sent nor was listed as uncertain.
    :param uncertain: messages that were listed as uncertain, of these ``arrived`` had reached the help desk; all were
        sent once more the next morning, by hand.
    :param minutes, minutes_before: median time from a ticket to its first reply, with the answers and without.
    :param answered_minutes, answered_before: the same of the tickets that were answered.
    """

    days: int
    tickets: int
    asked: int
    alone: int
    right: int
    approved: int
    rejected: int
    refused: int
    senders: int
    killed: int
    uncertain: int
    arrived: int
    doubled: int
    lost: int
    unknown: int
    minutes: float
    minutes_before: float
    answered_minutes: float
    answered_before: float


class Gateway:
    """Passes requests on to the help desk. ``at`` is called at each of `STEPS`; true at ``lost`` loses the request.

    :ivar taken: (ticket, key of the update) of every answer that the help desk took.
    :ivar refused: tickets whose answer it did not take.
    """

    def __init__(self, url: str) -> None:
        self.taken: list[tuple[str, str]] = []
        self.refused: list[str] = []
        self.at: Callable[[str], bool] = lambda step: False
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if gateway.at("lost"):
                    return
                gateway.at("asked")
                headers = {"authorization": self.headers["authorization"], "content-type": "application/json"}
                answer = urllib3.request("PUT", f"{url}{self.path}", body=body, headers=headers, retries=False)
                ticket = self.path.rsplit("/", 1)[-1].removesuffix(".json")
                if answer.status == 200:
                    gateway.taken.append((ticket, str(answer.json()["audit"]["id"])))
                else:
                    gateway.refused.append(ticket)
                gateway.at("done")
                with suppress(OSError):  # the sender may be dead
                    self.send_response(answer.status)
                    self.send_header("content-length", str(len(answer.data)))
                    self.end_headers()
                    self.wfile.write(answer.data)
                gateway.at("answered")

            def log_message(self, *told: object) -> None:
                """Nothing is written down."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()


def simulate(warehouse: Warehouse, days: int = 30, share: int = 1, seed: int = 7) -> Figures:
    """Answer day by day; every sender but the last of a morning may be killed at a point drawn by ``seed``.

    :param warehouse: migrated and empty.
    :param share: the company is a so manieth of its size.
    """
    arguments = ["--seed", str(seed), "--start", str(START), "--months", str(MONTHS), "--now", f"{FIRST}T02:00:00Z"]
    for name, number in SIZE.items():
        arguments += [f"--{name}", str(max(30, number // share))]
    with tempfile.TemporaryDirectory(prefix="crm-answers-") as folder, running(Path(folder), *arguments) as sandbox:
        gateway = Gateway(sandbox.url)
        try:
            return _Days(warehouse, sandbox, gateway, days, seed).run()
        finally:
            gateway.close()


class _Days:
    def __init__(self, warehouse: Warehouse, sandbox: Sandbox, gateway: Gateway, days: int, seed: int) -> None:
        self.warehouse, self.sandbox, self.gateway = warehouse, sandbox, gateway
        self.windows = [Window.day(FIRST + timedelta(days=n)) for n in range(days)]
        self.dice = random.Random(seed)
        self.outbox = outbox_config()
        self.replies = load_replies()
        self.counts: Counter[str] = Counter()
        self.doubtful: list[str] = []
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(PRELOAD)

    def run(self) -> Figures:
        self._pull(Window.between(START, FIRST - timedelta(days=1)))
        for window in self.windows:
            self._day(window)
        after = self.windows[-1].end + timedelta(days=10)
        self._clock(after)
        self._pull(Window(self.windows[0].start, after - timedelta(hours=1)))
        return self._figures()

    def _day(self, window: Window) -> None:
        now = window.end + timedelta(hours=2)
        self._clock(now)
        self._pull(window)
        model = intent_model(self.warehouse)
        done = propose_answers(self.warehouse, lambda: model, self.replies, self.outbox, window, now)
        self._several_senders(now)
        now = window.end + timedelta(hours=7)
        self._clock(now)
        truth = {str(one["ticket_id"]): one["intent"] for one in self.sandbox.ask("GET", "truth/intents")}
        for numbers in done.batches:
            shown = drafts(self.warehouse, model, numbers, now)
            good = {draft.outbox_id for draft in shown if truth[draft.ticket_id] == draft.intent}
            said = {draft.outbox_id: truth[draft.ticket_id] for draft in shown}
            told = decide(self.warehouse, self.outbox, numbers, good, {}, said, "somebody", now)
            self.counts["rejected"] += told.get("rejected", 0)
        with self.warehouse.connect() as connection:
            resend(connection, self._note_doubtful(connection), "somebody", now)
        self._several_senders(now)

    def _note_doubtful(self, connection: psycopg.Connection) -> list[int]:
        """Note what is uncertain now, and whether it had arrived; returns the numbers."""
        rows = connection.execute("select outbox_id, message_key from ops.outbox where state = 'uncertain'").fetchall()
        tickets = {_ticket(key) for _, key in rows}
        self.doubtful += tickets
        self.counts["arrived"] += len(tickets & {ticket for ticket, _ in self.gateway.taken})
        return [number for number, _ in rows]

    def _clock(self, at: datetime) -> None:
        self.sandbox.set_clock(at.astimezone(UTC).isoformat())

    def _pull(self, window: Window) -> None:
        for name, source in load_sources().items():
            if name in SOURCES:
                for entity in source.entities.values():
                    delivery = self.sandbox.pull(source, entity, window)
                    if delivery.pages:
                        load(self.warehouse, delivery)
        build_core(self.warehouse)
        for subject in ("customers", "service"):
            build_marts(self.warehouse, subject, window, settle=True)

    def _several_senders(self, now: datetime) -> None:
        for is_last in [False] * self.dice.randint(1, 3) + [True]:
            self._senders(now, is_last)

    def _senders(self, now: datetime, is_last: bool) -> None:
        """One or two senders at once, of which one is killed at a step of a request unless they are the last."""
        step, request = self.dice.choice(STEPS), self.dice.randint(1, 2)
        pause = self.dice.uniform(0, 0.004) if step == "answered" else 0.0
        children: list[Any] = []
        started = threading.Event()
        seen: Counter[str] = Counter()

        def at(reached: str) -> bool:
            seen[reached] += 1
            if is_last or reached != step or seen[reached] != request:
                return False
            time.sleep(pause)  # between the answer and the note of it
            started.wait()
            with suppress(ProcessLookupError):  # it has nothing more to send
                os.kill(children[0].pid, signal.SIGKILL)
            time.sleep(0.02)  # until it is gone
            return True

        self.gateway.at = at
        for _ in range(self.dice.choice((1, 1, 2))):
            child = self.context.Process(target=send, args=(self.warehouse.url, self.gateway.port, now.isoformat()))
            child.start()
            children.append(child)
            started.set()
        for child in children:
            child.join(120)
        codes = [child.exitcode for child in children]
        assert set(codes) <= {0, -signal.SIGKILL}, codes
        self.counts["senders"] += len(codes)
        self.counts["killed"] += codes.count(-signal.SIGKILL)

    def _figures(self) -> Figures:
        truth = {str(one["ticket_id"]): one["intent"] for one in self.sandbox.ask("GET", "truth/intents")}
        with self.warehouse.connect() as connection:
            self._note_doubtful(connection)  # of the last morning
            rows = connection.execute(
                "select a.ticket_id, a.intent, a.decision, o.state from ops.ticket_answer as a"
                " inner join ops.outbox as o on a.outbox_id = o.outbox_id"
            ).fetchall()
            asked = connection.execute(
                "select count(*) from ops.ticket_answer where coalesce(reason, '') not in"
                " ('pending', 'hold', 'solved', 'closed', 'deleted', 'an agent has written')"
            ).fetchone()
            replies = connection.execute(
                "select t.ticket_id, t.created_at, m.sent_at, m.update_key from mart.ticket as t"
                " inner join core.fct_message as m on t.source = m.source and t.ticket_id = m.ticket_id and m.is_public"
                " inner join core.dim_rep as r on m.source || ':' || m.author_key = r.rep_id and r.is_current"
                " where t.created_at >= %s and t.created_at < %s and m.sent_at > t.created_at + interval '1 second'",
                [self.windows[0].start, self.windows[-1].end],
            ).fetchall()
            tickets = connection.execute(
                "select count(*) from mart.ticket where created_at >= %s and created_at < %s",
                [self.windows[0].start, self.windows[-1].end],
            ).fetchone()
        there = Counter(ticket for ticket, _ in self.gateway.taken)
        ours = {update for _, update in self.gateway.taken}
        sent = {ticket for ticket, _, _, state in rows if state == "sent"}
        alone = [intent == truth[ticket] for ticket, intent, how, _ in rows if how == "answer" and there[ticket]]
        with_ours = _first(replies, lambda update: True)
        without = _first(replies, lambda update: update not in ours)
        both = [ticket for ticket in with_ours if ticket in without]
        answered = [ticket for ticket in both if there[ticket]]

        def median(told: dict[str, float], of: list[str]) -> float:
            return statistics.median(told[ticket] for ticket in of) if of else 0.0

        return Figures(
            days=len(self.windows), tickets=tickets[0] if tickets else 0, asked=asked[0] if asked else 0,
            alone=len(alone), right=sum(alone),
            approved=sum(how == "draft" and there[ticket] > 0 for ticket, _, how, _ in rows),
            rejected=self.counts["rejected"], refused=sum(state == "failed" for *_, state in rows),
            senders=self.counts["senders"], killed=self.counts["killed"],
            uncertain=len(self.doubtful), arrived=self.counts["arrived"],
            doubled=sum(count > 1 for count in there.values()), lost=len(sent - there.keys()),
            unknown=len(there.keys() - sent - set(self.doubtful)),
            minutes=median(with_ours, both), minutes_before=median(without, both),
            answered_minutes=median(with_ours, answered), answered_before=median(without, answered),
        )  # fmt: skip


def send(url: str, port: int, now: str) -> None:
    """A sender, in a process of its own."""
    at = datetime.fromisoformat(now)
    there = SimpleNamespace(
        conn_type="http", host="127.0.0.1", port=port, schema="http", login="user/token", password=DESK_TOKEN,
        extra_dejson={},
    )  # fmt: skip
    send_due(Warehouse(url), outbox_config(), lambda conn_id: there, lambda: at)


def outbox_config() -> OutboxConfig:
    """The outbox as delivered, sending."""
    return load_outbox_config().model_copy(update={"dry_run": False})


def _first(replies: list[tuple[Any, ...]], counts: Callable[[str], bool]) -> dict[str, float]:
    """Ticket → minutes to the first of its replies that count."""
    found: dict[str, float] = {}
    for ticket, created_at, sent_at, update in replies:
        if counts(update):
            minutes = (sent_at - created_at).total_seconds() / 60
            found[ticket] = min(found.get(ticket, minutes), minutes)
    return found


def _ticket(key: str) -> str:
    return key.rsplit("/", 1)[-1]
