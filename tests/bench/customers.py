"""One customer, once, on the sandbox company: whether the people and firms it made up are found again, and whether the
order in which days are loaded makes a difference.

The sandbox tells which records are of one person, from code that imports nothing of the product. Its sixty days are
loaded in order, backwards and shuffled, into three warehouses that link by one trained model.
"""

import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from include.customers.identity.model import Model
from include.customers.kinds import ORGANISATION, PERSON, Kind
from include.customers.linking import store_model
from include.customers.training import train_identity
from include.sources.config import Entity, Source, load_sources
from include.warehouse.connection import Warehouse
from include.warehouse.core import build_core
from include.window import Window
from tests.deliveries import Delivery, load, rows
from tests.sandbox import Sandbox, running

START = date(2025, 6, 1)
SEED = 20261124
# who customers and companies are: the other entities do not say
FEEDS = ("customer", "company", "order_line")
SYSTEMS = {"crm": "sandbox_crm", "desk": "sandbox_helpdesk", "helpdesk": "sandbox_helpdesk", "site": "sandbox_site",
           "orders": "sandbox_orders"}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """How well a kind is found again: pairs of records in one cluster, against the pairs that are one in truth."""

    kind: str
    records: int
    pairs: int
    true_pairs: int
    common_pairs: int

    @property
    def precision(self) -> float:
        return self.common_pairs / self.pairs if self.pairs else 1.0

    @property
    def recall(self) -> float:
        return self.common_pairs / self.true_pairs if self.true_pairs else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0 to 1."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True)
class Orders:
    """What three orders of loading came to: ids that differ, ids given out in all, and those that resolve to nobody."""

    different: int
    given: int
    lost: int
    found: list[Found]


def compare(urls: Sequence[str], days: int, people: int) -> Orders:
    """Load the sandbox's days in three orders, and score what came of it.

    :param urls: four migrated, empty warehouses: one to train in, three to load into.
    """
    training, *warehouses = map(Warehouse, urls)
    options = ["--start", str(START), "--months", "3", "--seed", str(SEED), "--people", str(people),
               "--companies", str(people // 3), "--deals", str(people // 3), "--tickets", str(people)]  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="crm-customers-") as folder, running(Path(folder), *options) as sandbox:
        given = _record(sandbox, [START + timedelta(days=n) for n in range(days)])
        truth = {
            PERSON: sandbox.ask("GET", "truth/people"),
            ORGANISATION: sandbox.ask("GET", "truth/companies"),
        }
    for delivery in given:
        load(training, delivery)
    build_core(training)
    train_identity(training)
    models = rows(training, "select kind, model::text from ops.identity_model where records > 0 order by model_id")
    order = list(dict.fromkeys(delivery.window.first_day for delivery in given))
    shuffled = order.copy()
    random.Random(SEED).shuffle(shuffled)
    for warehouse, in_order in zip(warehouses, (order, order[::-1], shuffled), strict=True):
        with warehouse.connect() as connection:
            for kind, model in models:
                store_model(connection, PERSON if kind == "person" else ORGANISATION, Model.from_json(model))
        for day in in_order:
            for delivery in given:
                if delivery.window.first_day == day:
                    load(warehouse, delivery)
            build_core(warehouse)
    links = [_links(warehouse, PERSON) | _links(warehouse, ORGANISATION) for warehouse in warehouses]
    different = sum(len({linked.get(record) for linked in links}) > 1 for record in set().union(*links))
    ids = [
        rows(warehouse, "select canonical_id from core.identity_alias where kind = 'person'")
        for warehouse in warehouses
    ]
    resolved = [rows(warehouse, "select alias_id from core.customer_alias") for warehouse in warehouses]
    lost = sum(len(set(one) - set(other)) for one, other in zip(ids, resolved, strict=True))
    return Orders(
        different, sum(map(len, ids)), lost,
        [_score(kind, truth[kind], _links(warehouses[0], kind)) for kind in (PERSON, ORGANISATION)],
    )  # fmt: skip


def _record(sandbox: Sandbox, days: list[date]) -> list[Delivery]:
    given = []
    for day in days:
        window = Window.day(day)
        sandbox.set_clock(window.end.isoformat())
        for source, entity in _entities():
            delivery = sandbox.pull(source, entity, window)
            if delivery.pages:
                given.append(delivery)
    return given


def _entities() -> Iterable[tuple[Source, Entity]]:
    for source in load_sources().values():
        if source.name.startswith("sandbox_"):
            for entity in source.entities.values():
                if entity.feeds in FEEDS:
                    yield source, entity


def _links(warehouse: Warehouse, kind: Kind) -> dict[str, str]:
    return dict(rows(warehouse, f"select record_id, {kind.id_column} from core.{kind.link}"))  # noqa: S608


def _score(kind: Kind, truth: list[dict], links: dict[str, str]) -> Found:
    """Over the records that both know: what was quarantined is in no cluster."""
    by_page = {record.rpartition("/")[2]: record for record in links if record.startswith("sandbox_site:")}
    both: Counter[tuple[str, str]] = Counter()
    for thing in truth:
        for told in thing["records"]:
            record = f"{SYSTEMS[told['system']]}:{told['id']}"
            if told["system"] == "orders":
                record = f"sandbox_orders:email:{told['id'].lower()}"
            elif told["system"] == "site":
                record = by_page.get(told["id"], "")
            if record in links:
                both[thing.get("person") or thing["company"], links[record]] += 1
    true, found = Counter[str](), Counter[str]()
    for (thing_key, canonical), count in both.items():
        true[thing_key] += count
        found[canonical] += count
    return Found(kind.name, sum(both.values()), _pairs(found), _pairs(true), _pairs(both))


def _pairs(sizes: Counter) -> int:
    return sum(size * (size - 1) // 2 for size in sizes.values())
