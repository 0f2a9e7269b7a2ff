"""Errors that Airflow's retry policy knows by name; it imports them while DAGs are parsed, so they weigh nothing."""


class IngestError(Exception):
    """Some entities of a source could not be landed or staged; the message has a line for each."""


class NeedsPersonError(IngestError):
    """Nothing but what a person has to mend first: trying again would fail again."""


class WarehouseTooOldError(Exception):
    """The warehouse's server is older than PostgreSQL 15."""


class OutboxStoppedError(Exception):
    """More messages would go out than a day's cap allows: nothing is sent until a person has looked."""
