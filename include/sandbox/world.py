"""The company as of the sandbox clock: what the servers serve."""

import secrets
import time
from collections import deque
from pathlib import Path

from include.sandbox.catalog import CRM_TOKEN, DESK_TOKEN
from include.sandbox.faults import Faults
from include.sandbox.ledger import Ledger
from include.sandbox.model import ENTITIES, Company
from include.sandbox.orders import write_orders


class RateLimit:
    """At most `limit` requests in `period` seconds of real time; no limit when it is 0."""

    def __init__(self, limit: int, period: float) -> None:
        self.limit, self.period = limit, period
        self._taken: deque[float] = deque()

    def wait(self) -> float:
        """Takes a place and returns 0, or returns the seconds until there is one."""
        if not self.limit:
            return 0.0
        now = time.monotonic()
        while self._taken and self._taken[0] <= now - self.period:
            self._taken.popleft()
        if len(self._taken) < self.limit:
            self._taken.append(now)
            return 0.0
        return self._taken[0] + self.period - now


class Tokens:
    """Access tokens that were given for a client's secret. One that has expired stays so; a new one is good at once."""

    def __init__(self) -> None:
        self._uses: dict[str, int] = {}

    def give(self) -> str:
        """A token that nobody could guess, good until it expires."""
        token = secrets.token_urlsafe(24)
        self._uses[token] = 0
        return token

    def use(self, token: str) -> int | None:
        """How often it was used before; None when it is not good, or no longer."""
        uses = self._uses.get(token)
        if uses is not None:
            self._uses[token] = uses + 1
        return uses

    def expire(self, token: str) -> None:
        """From now on it is refused."""
        self._uses.pop(token, None)


class World:
    """The clock, the faults and a ledger for each entity. One process, one thread: no locks."""

    def __init__(
        self,
        company: Company,
        now: int | None = None,
        orders_folder: Path | None = None,
        crm_token: str = CRM_TOKEN,
        desk_token: str = DESK_TOKEN,
        rate_limit: int = 100,
    ) -> None:
        """:param now: epoch ms, or None for the real clock.
        :param rate_limit: CRM requests in 10 s; 0 lifts the limits of the help desk too.
        """
        self.company = company
        self.orders_folder = orders_folder
        self.crm_token, self.desk_token = crm_token, desk_token
        self.crm_limit = RateLimit(rate_limit, 10.0)
        self.desk_limit = RateLimit(700 if rate_limit else 0, 60.0)
        self.crm_tokens, self.desk_tokens = Tokens(), Tokens()
        self.faults = Faults()
        self.tried: set[str] = set()  # requests whose first try has failed on purpose
        self.requests = 0
        self.mails: list[dict] = []
        self.ledgers = {
            entity: Ledger(company.records[entity], company.start, company.end, self.faults) for entity in ENTITIES
        }
        self._fixed = now
        self._reached = 0
        self._orders_day = -1
        self.linked = _links(company)
        self.refresh()

    @property
    def now(self) -> int:
        return int(time.time() * 1000) if self._fixed is None else self._fixed

    @property
    def is_real(self) -> bool:
        return self._fixed is None

    def set_clock(self, now: int | None) -> None:
        """To an instant (epoch ms), or with None back to the real clock. Turning it back hides what is then ahead."""
        self._fixed = now
        self.refresh()

    def set_faults(self, faults: Faults) -> None:
        rebuild = (faults.late_records, faults.burst_timestamps) != (
            self.faults.late_records,
            self.faults.burst_timestamps,
        )
        self.faults = faults
        self.tried.clear()
        if rebuild:
            self._reset()
        self.refresh()

    def refresh(self) -> None:
        """Catches up with the clock: records first, then order files."""
        now = self.now
        if now < self._reached:
            self._reset()
        self._reached = now
        for ledger in self.ledgers.values():
            ledger.advance(now)
        day = now // 86_400_000
        if self.orders_folder is not None and day != self._orders_day:
            write_orders(self.company, self.orders_folder, now)
            self._orders_day = day

    def _reset(self) -> None:
        for ledger in self.ledgers.values():
            ledger.reset(self.faults)
        self._reached = 0

    def link(self, entity: str, record_id: str, to: str, to_id: str) -> None:
        """Associates two records of the CRM, both ways."""
        self.linked.setdefault((entity, to), {}).setdefault(record_id, []).append(to_id)
        self.linked.setdefault((to, entity), {}).setdefault(to_id, []).append(record_id)

    def visible_links(self, entity: str, record_id: str, to: str) -> list[str]:
        """Ids of the associated records that are there now."""
        states = self.ledgers[to].states
        ids = self.linked.get((entity, to), {}).get(record_id, ())
        return [i for i in ids if i in states and states[i].archived_at is None]


def _links(company: Company) -> dict[tuple[str, str], dict[str, list[str]]]:
    linked: dict[tuple[str, str], dict[str, list[str]]] = {}
    for entity, records in company.records.items():
        for record in records:
            for to, ids in record.links.items():
                linked.setdefault((entity, to), {})[record.id] = list(ids)
                back = linked.setdefault((to, entity), {})
                for other in ids:
                    back.setdefault(other, []).append(record.id)
    return linked
