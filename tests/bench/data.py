"""The data of the benchmarks: the same bytes every time, with one row in a thousand that a critical rule refuses."""

import csv
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

BAD_ROW_EVERY = 1_000
ORDER_COLUMNS = (
    "order_id", "line", "ordered_at", "customer_email", "customer_name", "sku", "product", "quantity", "unit_price",
    "currency", "country",
)  # fmt: skip

_FIRST = ("Anna", "José", "Mei", "Olu", "Priya", "Lars", "Zoë", "Tariq", "Yuki", "Bram", "Chloé", "Ivan")
_LAST = ("Novak", "García", "Wang", "Adeyemi", "Sharma", "Nilsson", "O'Brien", "Haddad", "Sato", "de Vries", "Petit")
_COUNTRIES = (
    ("Germany", "Berlin"),
    ("Spain", "Sevilla"),
    ("Japan", "Osaka"),
    ("Brazil", "São Paulo"),
    ("Kenya", "Nairobi"),
)
_STAGES = ("subscriber", "lead", "opportunity", "customer")
_TITLES = ("Buyer", "Head of Operations", "Engineer", "Owner", "Accountant")
_START = datetime(2026, 3, 1, tzinfo=UTC)


def contacts(count: int) -> Iterator[dict]:
    """CRM contacts as the search of a HubSpot-like API gives them: about 570 bytes of JSON each."""
    pick = random.Random(20260301)
    for number in range(1, count + 1):
        first, last = pick.choice(_FIRST), pick.choice(_LAST)
        country, city = pick.choice(_COUNTRIES)
        host = "example.com" if number % BAD_ROW_EVERY else "nowhere"
        created = _START - timedelta(minutes=pick.randrange(1_000_000))
        modified = _instant(_START + timedelta(milliseconds=number * 400))
        yield {
            "id": str(number),
            "properties": {
                "email": f"{first}.{last}.{number}@{host}".lower().replace(" ", "").replace("'", ""),
                "firstname": first,
                "lastname": last,
                "phone": f"+49 30 {pick.randrange(10**7):07d}",
                "jobtitle": pick.choice(_TITLES),
                "company": f"Company {number % 5000}",
                "associatedcompanyid": str(number % 5000),
                "country": country,
                "city": city,
                "hs_language": None,
                "lifecyclestage": pick.choice(_STAGES),
                "hubspot_owner_id": str(number % 40),
                "createdate": _instant(created),
                "lastmodifieddate": modified,
                "hs_object_id": str(number),
            },
            "createdAt": _instant(created),
            "updatedAt": modified,
            "archived": False,
        }


def contact_pages(count: int, size: int) -> list[bytes]:
    """The contacts as the answers of an API, ``size`` a page; the cursor is the number of records so far."""
    pages, records = [], []
    for number, contact in enumerate(contacts(count), 1):
        records.append(contact)
        if len(records) == size or number == count:
            after = {"paging": {"next": {"after": str(number)}}} if number < count else {}
            pages.append(orjson.dumps({"results": records, **after}))
            records = []
    return pages


def write_orders(path: Path, count: int) -> None:
    """A CSV file of order lines with 11 columns, three lines an order: about 115 bytes a line."""
    pick = random.Random(20260302)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(ORDER_COLUMNS)
        for number in range(count):
            order, line = divmod(number, 3)
            customer = order % 50_000
            ordered_at = _instant(_START + timedelta(milliseconds=order * 250))
            host = "example.com" if (number + 1) % BAD_ROW_EVERY else "nowhere"
            article = pick.randrange(500)
            writer.writerow(
                (
                    f"SO-{order:07d}",
                    line + 1,
                    ordered_at,
                    f"customer{customer}@{host}",
                    f"{_FIRST[customer % 12]} {_LAST[customer % 11]}",
                    f"SKU-{article:04d}",
                    f"Article, no. {article}",
                    pick.randrange(1, 9),
                    f"{pick.randrange(100, 99_999) / 100:.2f}",
                    "EUR",
                    _COUNTRIES[customer % 5][0],
                )
            )


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
