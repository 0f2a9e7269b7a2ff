"""How well customers are understood, and whose data is in replies, on companies whose seeds nothing was tuned on.

The model is the one of the supplied examples alone: nobody has decided anything yet. Tickets come from the sandbox's
help desk over HTTP; what each asks, and who wrote it, the sandbox tells, from code that imports nothing of the product.
"""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, LiteralString

import orjson

from include.replies.classify import read_texts
from include.replies.compose import compose, lacks, ticket_facts
from include.replies.config import Replies
from include.replies.intents import OUT_OF_SCOPE, IntentModel
from include.replies.understanding import Message, understand
from include.sources.config import load_source, load_sources
from include.warehouse.connection import Warehouse
from include.warehouse.core import build_core
from include.warehouse.marts import build_marts
from include.window import Window
from tests.deliveries import load
from tests.sandbox import Sandbox, running

DESK = "sandbox_helpdesk"
SEEDS = (20261127, 4711, 90210)
START, MONTHS = date(2025, 6, 1), 12
SIZE = {"companies": 300, "people": 900, "deals": 200, "tickets": 3000}
# Kinds of questions to a bank, in Banking77, that this company has nothing to do with.
BANKING = (
    "age_limit",
    "apple_pay_or_google_pay",
    "atm_support",
    "automatic_top_up",
    "country_support",
    "exchange_rate",
    "cash_withdrawal_not_recognised",
    "fiat_currency_support",
    "getting_spare_card",
    "lost_or_stolen_card",
    "lost_or_stolen_phone",
    "receiving_money",
    "supported_cards_and_currencies",
    "swallowed_card",
    "top_up_limits",
    "topping_up_by_card",
    "transfer_into_account",
    "transfer_timing",
    "verify_source_of_funds",
    "virtual_card_not_working",
)
# What customers ask in languages that no reply is in: nobody is to be answered in another one.
FOREIGN = (
    "Wo bleibt unsere Bestellung FW-250311-48213? Wir warten seit zwei Wochen auf die Schreibtische.",
    "Ich habe mein Passwort vergessen und komme nicht mehr in mein Konto.",
    "Bitte senden Sie uns die Rechnung für unsere letzte Bestellung noch einmal zu.",
    "Wie lange gilt die Garantie auf die Stühle?",
    "Der Bildschirm ist kaputt angekommen, das Glas hat einen Riss.",
    "Où en est notre commande FW-250311-48213 ? Merci de nous indiquer la date de livraison.",
    "J'ai oublié mon mot de passe et le lien de réinitialisation ne marche pas.",
    "Pouvez-vous nous renvoyer la facture du mois dernier en PDF ?",
    "Nous souhaitons un devis pour vingt bureaux et vingt chaises.",
    "Comment exporter toutes nos réservations en CSV ?",
    "Var är vår beställning? Vi har inte fått någon spårningslänk.",
    "Jag har glömt mitt lösenord till Roomly, hur återställer jag det?",
    "Hur länge gäller garantin för skrivbordet?",
    "¿Dónde está nuestro pedido? Todavía no hemos recibido el número de seguimiento.",
    "He olvidado mi contraseña de Roomly y no puedo entrar.",
    "¿Cómo cambio la tarjeta de crédito de nuestra cuenta?",
    "Onde está a nossa encomenda? Precisamos da data de entrega.",
    "注文した机はいつ届きますか。追跡番号を教えてください。",
    "パスワードを忘れてログインできません。",
    "주문한 책상은 언제 도착하나요?",
)


@dataclass(frozen=True)
class Ticket:
    """A ticket as the help desk gives it, and the truth of it."""

    ticket_id: str
    message: Message
    intent: str
    language: str
    person: str


@dataclass(frozen=True)
class Understood:
    """How a company's tickets were understood; ``answered`` are those that the model is sure enough of to answer.

    :param sent: of these, those whose intent may be answered without a person.
    """

    tickets: int
    right: int
    right_language: int
    answered: int
    answered_right: int
    sent: int
    sent_right: int
    out_of_scope: int
    out_of_scope_answered: int
    out_of_scope_drafted: int


@dataclass(frozen=True)
class Leaks:
    """What replies tell: how many there are, how many name orders, and tell of another customer, or person.

    Another person's, though the same customer's, is in a reply when two people were taken for one.
    """

    replies: int
    with_orders: int
    other_customers: int
    other_persons: int


@contextmanager
def company(seed: int, share: int) -> Iterator[tuple[Sandbox, Window]]:
    """A company that has come to the end of its history, and the window that has all of it."""
    end = date(START.year + MONTHS // 12, START.month, 1)
    arguments = ["--seed", str(seed), "--start", str(START), "--months", str(MONTHS), "--now", f"{end}T00:00:00Z"]
    for name, number in SIZE.items():
        arguments += [f"--{name}", str(max(50, number // share))]
    with tempfile.TemporaryDirectory(prefix="crm-replies-") as folder, running(Path(folder), *arguments) as sandbox:
        sandbox.set_clock(f"{end}T00:00:00Z")
        yield sandbox, Window.between(START, end - timedelta(days=1))


def tickets(sandbox: Sandbox, window: Window) -> list[Ticket]:
    """Every ticket that the help desk has, with its truth."""
    source = load_source(DESK)
    truth = {str(one["ticket_id"]): one for one in sandbox.ask("GET", "truth/intents")}
    found = {}
    for page in sandbox.pull(source, source.entities["tickets"], window).pages:
        for text in page.texts:
            record: dict[str, Any] = orjson.loads(text)
            told = truth.get(str(record["id"]))
            if told:
                message = Message(record["subject"], record["description"])
                found[str(record["id"])] = Ticket(
                    str(record["id"]), message, told["intent"], told["language"], told["person"]
                )
    return list(found.values())


def judged(model: IntentModel, replies: Replies, asked: Sequence[Ticket]) -> Understood:
    """How tickets are understood."""
    told = understand(model, replies, [ticket.message for ticket in asked])
    pairs = [
        (ticket, one, (one.intent or OUT_OF_SCOPE) == ticket.intent) for ticket, one in zip(asked, told, strict=True)
    ]
    thresholds = model.calibration.thresholds
    answered = [
        (ticket, is_right) for ticket, one, is_right in pairs
        if one.intent and one.decision != "leave" and one.confidence >= thresholds.get(one.intent, 2.0)
    ]  # fmt: skip
    sent = [is_right for _, one, is_right in pairs if one.decision == "answer"]
    outside = [one for ticket, one, _ in pairs if ticket.intent == OUT_OF_SCOPE]
    return Understood(
        len(pairs), sum(is_right for *_, is_right in pairs),
        sum(one.language == ticket.language for ticket, one, _ in pairs),
        len(answered), sum(is_right for _, is_right in answered), len(sent), sum(sent), len(outside),
        sum(ticket.intent == OUT_OF_SCOPE for ticket, _ in answered), sum(one.decision == "draft" for one in outside),
    )  # fmt: skip


def foreign_answered(model: IntentModel, replies: Replies) -> int:
    """How many messages in other languages would be answered."""
    told = understand(model, replies, [Message(None, text) for text in FOREIGN])
    return sum(one.decision == "answer" for one in told)


def banking_answered(model: IntentModel, replies: Replies, folder: Path) -> tuple[int, int]:
    """How many of the questions to a bank would be answered, and how many there are."""
    asked = [
        one for one in read_texts([folder / "banking77" / "train.csv"], "text", "category") if one.intent in BANKING
    ]
    told = understand(model, replies, [Message(None, one.text) for one in asked])
    return sum(one.decision == "answer" for one in told), len(asked)


def leaks(url: str, replies: Replies, sandbox: Sandbox, window: Window, asked: Sequence[Ticket]) -> Leaks:
    """A reply of every intent to every ticket, searched for the data of everyone else.

    :param url: a migrated, empty warehouse.
    """
    warehouse = Warehouse(url)
    for source in load_sources().values():
        if source.name in ("sandbox_crm", DESK, "sandbox_orders"):
            for entity in source.entities.values():
                delivery = sandbox.pull(source, entity, window)
                if delivery.pages:
                    load(warehouse, delivery)
    build_core(warehouse)
    build_marts(warehouse, "customers", window, settle=True)
    with warehouse.connect() as connection:

        def pairs(query: LiteralString) -> dict[str, str]:
            return dict(connection.execute(query).fetchall())

        customer_of = pairs(
            "select t.ticket_id, l.customer_id from core.fct_ticket as t inner join core.customer_link as l"
            " on t.source = l.source and t.requester_key = l.record_key"
        )
        # what gives a customer away: an order, an address, a name that nobody else has
        whose = pairs(
            "select order_id, customer_id from mart.customer_order union all"
            " select lower(email), customer_id from mart.customer_360 where email is not null union all"
            " select lower(full_name), min(customer_id) from mart.customer_360 where full_name like '% %'"
            " group by lower(full_name) having count(*) = 1"
        )
        ordered_by = pairs("select order_id, lower(customer_key) from core.fct_order_line")
        facts = ticket_facts(connection, [(DESK, one.ticket_id) for one in asked], window.last_day)
    mailboxes = _mailboxes(sandbox)
    composed = with_orders = others = persons = 0
    for ticket in asked:
        customer_id = customer_of.get(ticket.ticket_id, "")
        known = facts.get((DESK, ticket.ticket_id))
        if known is None:  # in quarantine
            continue
        for intent, told in replies.intents.items():
            parts = replies.parts(intent, ticket.language)
            if parts is None or lacks(told.needs, known):
                continue
            words = re.findall(r"[A-Za-z0-9@._+-]+", compose(parts, ticket.language, known))
            named = {*words, *(word.lower() for word in words), *map(" ".join, pairwise(map(str.lower, words)))}
            orders = named & ordered_by.keys()
            composed += 1
            with_orders += bool(orders)
            others += any(whose[one] != customer_id for one in named & whose.keys())
            persons += any(ordered_by[order].removeprefix("email:") not in mailboxes[ticket.person] for order in orders)
    return Leaks(composed, with_orders, others, persons)


def _mailboxes(sandbox: Sandbox) -> dict[str, set[str]]:
    """Person → the addresses that are theirs in truth."""
    return {
        one["person"]: {record["email"].lower() for record in one["records"] if record["email"]}
        for one in sandbox.ask("GET", "truth/people")
    }
