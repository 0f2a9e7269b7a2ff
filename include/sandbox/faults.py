"""Faults to switch on: each is off (0) or a rate between 0 and 1, and strikes the same things every time."""

import zlib
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

# What `true` stands for.
USUAL = {
    "burst_timestamps": 1.0,
    "late_records": 0.05,
    "renamed_fields": 1.0,
    "retyped_fields": 1.0,
    "expire_tokens": 1.0,
    "garbage": 0.1,
    "errors_500": 0.1,
}
RENAMED = {
    "deals": {"amount": "deal_amount", "closedate": "close_date"},
    "contacts": {"email": "email_address"},
    "companies": {"name": "company_name"},
    "tickets": {"subject": "title", "priority": "urgency"},
    "users": {"email": "email_address"},
}
GARBAGE_PAGE = (
    b"<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
)


def strikes(rate: float, *what: object) -> bool:
    """Whether a fault of this rate strikes this thing; the same answer in every process."""
    return zlib.crc32("/".join(map(str, what)).encode()) < rate * 0x1_0000_0000


@dataclass(frozen=True)
class Faults:
    """Rates.

    burst_timestamps: at 03:00 UTC on the first of each month a bulk job touches this share of all records, all at the
    same millisecond.
    late_records: this share of changes is shown some hours later than its time says.
    renamed_fields, retyped_fields: in this share of records some fields have another name, or are numbers and not text.
    expire_tokens: this share of requests is refused as if the token had expired; an access token that was given then
    stays refused, and is good for one request at least.
    garbage: the first try of this share of requests is answered with an HTML page or cut-off JSON, status 200.
    errors_500: the first try of this share of requests fails.
    """

    burst_timestamps: float = 0.0
    late_records: float = 0.0
    renamed_fields: float = 0.0
    retyped_fields: float = 0.0
    expire_tokens: float = 0.0
    garbage: float = 0.0
    errors_500: float = 0.0

    def changed(self, wanted: dict[str, Any]) -> "Faults":
        """With the named ones set: true, false or a rate.

        :raises ValueError: on an unknown fault or a rate that is none.
        """
        known = [field.name for field in fields(self)]
        rates: dict[str, float] = {}
        for name, value in wanted.items():
            if name not in known:
                raise ValueError(f"no fault is called {name}; there are {', '.join(known)}")
            if isinstance(value, bool):
                rates[name] = USUAL[name] if value else 0.0
            elif isinstance(value, int | float) and 0 <= value <= 1:
                rates[name] = float(value)
            else:
                raise ValueError(f"{name} takes true, false or a rate from 0 to 1, not {value!r}")
        return replace(self, **rates)

    def as_dict(self) -> dict[str, float]:
        return asdict(self)

    def disguise(self, entity: str, record: dict[str, Any], values: dict[str, Any]) -> None:
        """Renames and retypes fields of a record about to be sent; `values` is the part that holds them."""
        if self.renamed_fields and strikes(self.renamed_fields, "renamed", entity, record["id"]):
            for old, new in RENAMED.get(entity, {}).items():
                if old in values:
                    values[new] = values.pop(old)
        if self.retyped_fields and strikes(self.retyped_fields, "retyped", entity, record["id"]):
            for name in ("amount", "deal_amount", "numberofemployees", "annualrevenue"):
                if values.get(name):
                    values[name] = float(values[name])
            record["id"] = str(record["id"]) if isinstance(record["id"], int) else int(record["id"])
