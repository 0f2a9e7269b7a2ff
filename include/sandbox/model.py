"""What the company's records are made of: each one is its log of changes, and its state at an instant is their fold."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

CRM_ENTITIES = ("companies", "contacts", "deals", "calls", "emails", "meetings", "tasks")
DESK_ENTITIES = ("organizations", "users", "tickets", "satisfaction_ratings")
SITE_ENTITY = "pages"
ENTITIES = (*CRM_ENTITIES, *DESK_ENTITIES, SITE_ENTITY)


@dataclass(slots=True)
class Comment:
    id: int
    author_id: int
    body: str
    public: bool


@dataclass(slots=True)
class Change:
    """What became of a record at an instant (`at`, epoch ms): its new values, and for a ticket what was said."""

    at: int
    values: dict[str, Any]
    source: str = "CRM_UI"  # the CRM's source type, or the help desk's channel
    by: int | str | None = None
    id: int = 0
    comment: Comment | None = None


@dataclass(slots=True)
class Record:
    """One record of one system. `links` holds the ids of records it is associated with, by entity."""

    entity: str
    id: str
    log: list[Change]
    links: dict[str, list[str]] = field(default_factory=dict)
    archived_at: int | None = None

    @property
    def created(self) -> int:
        return self.log[0].at

    def state(self, now: int) -> dict[str, Any]:
        """The values as of an instant."""
        values: dict[str, Any] = {}
        for change in self.log:
            if change.at > now:
                break
            values.update(change.values)
        return values


@dataclass(frozen=True, slots=True)
class OrderLine:
    order_id: str
    line: int
    at: int
    email: str
    name: str
    sku: str
    product: str
    quantity: str
    unit_price: str
    currency: str
    country: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """A record in which a person or company appears, from an instant on."""

    system: str
    entity: str
    id: str
    at: int
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Dirt:
    """A value that breaks a rule on purpose."""

    system: str
    entity: str
    id: str
    field: str
    kind: str
    at: int


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A day on which a figure was made to leave its pattern. `factor` is how much of the usual number was planted."""

    figure: str
    day: str
    direction: str
    factor: float
    product: str | None


@dataclass(slots=True)
class Company:
    """All that happened and will happen. `records` are by entity, in order of creation."""

    seed: int
    start: int
    end: int
    records: dict[str, list[Record]]
    owners: list[dict[str, Any]]
    agents: list[dict[str, Any]]
    orders: list[OrderLine]
    people: dict[str, list[Sighting]]
    firms: dict[str, list[Sighting]]
    intents: dict[str, dict[str, Any]]
    anomalies: list[Anomaly]
    dirt: list[Dirt]

    @staticmethod
    def generate(
        seed: int = 7, start: date = date(2025, 6, 1), companies: int = 400, people: int = 1200, deals: int = 900,
        tickets: int = 3000, months: int = 18, local_currencies: bool = False,
    ) -> "Company":  # fmt: skip
        """See `include.sandbox.company.generate`."""
        from include.sandbox.company import generate  # which needs the classes above

        return generate(seed, start, companies, people, deals, tickets, months, local_currencies)
