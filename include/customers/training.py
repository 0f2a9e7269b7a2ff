"""Training: the weights by which records are linked, learned from the records themselves, and frozen until the next."""

from dataclasses import dataclass

from include.customers.identity.config import load_identity_config
from include.customers.identity.engine import train
from include.customers.kinds import ORGANISATION, PERSON
from include.customers.linking import configure, read_records, store_model
from include.warehouse.connection import Warehouse
from include.warehouse.locks import shared


@dataclass(frozen=True)
class Trained:
    """What a training made: the kind, how many records there were, and the model's number.

    ``model_id`` is None where there were fewer than ``least`` records: the model in force stays.
    """

    kind: str
    records: int
    least: int
    model_id: int | None

    def as_text(self) -> str:
        """One line for people."""
        if self.model_id is None:
            return f"{self.kind}: not trained: {self.records:,} records, and {self.least:,} are needed"
        return f"{self.kind}: model {self.model_id}, trained on {self.records:,} records"


def train_identity(warehouse: Warehouse) -> list[Trained]:
    """Train the model of each kind on all records and put it in force: the next build of core links all by it.

    What that build moves from one customer to another is in core.customer_change, with the model's number.
    """
    trained = []
    for kind in (ORGANISATION, PERSON):
        config = configure(load_identity_config(), kind)
        with warehouse.connect(autocommit=True) as connection, shared(connection, "core"):
            records = read_records(connection, kind)
            model_id = None
            if records.num_rows >= config.least_records:
                model_id = store_model(connection, kind, train(records, config))
        trained.append(Trained(kind.name, records.num_rows, config.least_records, model_id))
    return trained
