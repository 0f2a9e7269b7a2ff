"""Records of people: every field clean, with a code for what was done, and the columns that matching compares."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from include.customers.cleaning.addresses import (
    city_key,
    clean_place,
    clean_postcode,
    clean_state,
    clean_street,
    street_key,
)
from include.customers.cleaning.batch import distinct, in_batches, texts
from include.customers.cleaning.countries import clean_country
from include.customers.cleaning.dates import clean_date
from include.customers.cleaning.emails import clean_email, email_key, is_public_mail_domain
from include.customers.cleaning.languages import clean_language
from include.customers.cleaning.names import CleanName, clean_name, given_forms, given_key, name_key
from include.customers.cleaning.organisations import clean_organisation, organisation_key
from include.customers.cleaning.phones import clean_phone
from include.customers.cleaning.text import EMPTY, Cleaned, Steps, clean_text, key, tidy
from include.customers.cleaning.websites import clean_website, is_shared_domain, registrable_domain

TEXT = pa.string()
_MAILBOX_BREAKS = re.compile(r"[\W_]+")
ADDRESS_FIELDS = ("street", "house_number", "unit", "city", "postcode", "state", "country")
PEOPLE_FIELDS = (
    "full_name", "given_name", "family_name", "birth_date", "national_id", "email", "phone", "job_title",
    "company_name", "website", *ADDRESS_FIELDS, "language",
)  # fmt: skip
# The columns that `clean_people` always returns, with their types: each field clean, the code of each, and the keys.
# For matching, phone, birth_date, national_id, house_number, postcode and country are as in the clean fields.
PEOPLE_COLUMNS: dict[str, pa.DataType] = {
    **dict.fromkeys(PEOPLE_FIELDS, TEXT),
    **{f"{field}_code": TEXT for field in PEOPLE_FIELDS},
    "given_key": TEXT,
    "family_key": TEXT,
    "given_forms": pa.list_(TEXT),
    "email_key": TEXT,
    "email_name": TEXT,
    "street_key": TEXT,
    "unit_key": TEXT,
    "city_key": TEXT,
    "state_key": TEXT,
    "company_key": TEXT,
    "domain": TEXT,
}


def clean_people(table: pa.Table, default_country: str | None = None) -> pa.Table:
    """A record a row, clean, in the order that they came.

    :param table: any of PEOPLE_FIELDS, as text; columns of other names are passed on untouched.
    :param default_country: ISO 3166 alpha-2, of telephone numbers that name no country in records that name none.
    :return: the other columns, then PEOPLE_COLUMNS. A field's code is null when the table has no such column.
    """
    return in_batches(table, lambda batch: _clean(batch, default_country), PEOPLE_COLUMNS)


def _clean(batch: pa.RecordBatch, default_country: str | None) -> dict[str, pa.Array]:
    made = _names(batch) | clean_places(batch)
    made |= clean_phones(batch, made["country"], default_country)
    for field, clean in _ALONE.items():
        made[field], made[f"{field}_code"] = distinct(clean, (TEXT, TEXT), texts(batch, field))
    made["email"], made["email_code"], made["email_key"], made["email_name"], mail_domain = distinct(
        _email, (TEXT,) * 5, texts(batch, "email")
    )
    (made["company_key"],) = distinct(_single(organisation_key), (TEXT,), made["company_name"])
    (site_domain,) = distinct(_single(company_domain), (TEXT,), made["website"])
    made["domain"] = pc.coalesce(site_domain, mail_domain)
    return without_missing(made, batch, PEOPLE_FIELDS)


def clean_places(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """The clean ADDRESS_FIELDS of a batch, their codes and keys."""
    given = {field: texts(batch, field) for field in ADDRESS_FIELDS}
    names = [
        "street",
        "house_number",
        "unit",
        "street_code",
        "house_number_code",
        "unit_code",
        "street_key",
        "unit_key",
    ]
    line = distinct(_street, (TEXT,) * len(names), given["street"], given["house_number"], given["unit"])
    made = dict(zip(names, line, strict=True))
    made["country"], made["country_code"] = distinct(clean_country, (TEXT, TEXT), given["country"])
    made["state"], made["state_code"] = distinct(clean_state, (TEXT, TEXT), given["state"], made["country"])
    made["city"], made["city_code"] = distinct(clean_place, (TEXT, TEXT), given["city"])
    made["postcode"], made["postcode_code"] = distinct(clean_postcode, (TEXT, TEXT), given["postcode"])
    (made["state_key"],) = distinct(_single(key), (TEXT,), made["state"])
    (made["city_key"],) = distinct(_single(city_key), (TEXT,), made["city"])
    return made


def clean_phones(batch: pa.RecordBatch, country: pa.Array, default_country: str | None) -> dict[str, pa.Array]:
    """The clean phone of a batch and its code; numbers without a country are of the record's, else of the default."""
    region = pc.coalesce(country, pa.scalar(default_country, TEXT))
    value, code = distinct(clean_phone, (TEXT, TEXT), texts(batch, "phone"), region)
    return {"phone": value, "phone_code": code}


def without_missing(made: dict[str, pa.Array], batch: pa.RecordBatch, fields: tuple[str, ...]) -> dict[str, pa.Array]:
    """What was made, but for the codes of fields that the batch does not have."""
    missing = {f"{field}_code" for field in fields if field not in batch.schema.names}
    return {name: array for name, array in made.items() if name not in missing}


def company_domain(domain: str | None) -> str | None:
    """A registrable domain, if it can be a company's own: no mail provider's, nobody's who hosts everybody's pages."""
    return None if domain is None or is_public_mail_domain(domain) or is_shared_domain(domain) else domain


def _names(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    names = ["full_name", "given_name", "family_name"]
    names += [f"{name}_code" for name in names]
    made = dict(zip(names, distinct(_name, (TEXT,) * 6, *(texts(batch, name) for name in names[:3])), strict=True))
    made["given_key"], made["given_forms"] = distinct(_given, (TEXT, pa.list_(TEXT)), made["given_name"])
    (made["family_key"],) = distinct(_single(name_key), (TEXT,), made["family_name"])
    return made


def _name(full: str | None, given: str | None, family: str | None) -> tuple[str | None, ...]:
    name: CleanName = clean_name(full, given, family)
    codes = [name.code if tidy(text) else "empty" for text in (full, given, family)]
    return name.full, name.given, name.family, *codes


def _given(given: str | None) -> tuple[str | None, tuple[str, ...] | None]:
    return given_key(given), given_forms(given) or None


def _email(text: str | None) -> tuple[str | None, ...]:
    value, code = clean_email(text)
    mailbox = email_key(value)
    domain = _mail_domain(value.rpartition("@")[2]) if value else None
    return value, code, mailbox, _mailbox_name(mailbox), domain


@lru_cache(maxsize=100_000)
def _mail_domain(host: str) -> str | None:
    return company_domain(registrable_domain(host))


def _mailbox_name(mailbox: str | None) -> str | None:
    """The letters of a mailbox key's local part; each word of it by itself, as names are."""
    words = _MAILBOX_BREAKS.split(mailbox.rpartition("@")[0]) if mailbox else []
    return "".join(name_key(word) or "" for word in words) or None


def _street(street: str | None, house_number: str | None, unit: str | None) -> tuple[str | None, ...]:
    line = clean_street(street, house_number, unit)
    codes = [
        "empty" if not tidy(before) else "invalid" if after is None else "same" if before == after else "normalised"
        for before, after in ((house_number, line.house_number), (unit, line.unit))
    ]
    street_code = line.code if tidy(street) else "empty"
    return line.street, line.house_number, line.unit, street_code, *codes, street_key(line.street), key(line.unit)


def _national_id(text: str | None) -> Cleaned:
    """Its letters, in capitals, and digits; nothing is checked, for every country has its own."""
    steps = Steps(text or "")
    if not tidy(text):
        return EMPTY
    steps.to("".join(c for c in tidy(text).upper() if c.isalnum()), "compact")
    return steps.cleaned() if steps.value else steps.invalid


def _single(function: Callable[[str | None], Any]) -> Callable[[str | None], tuple[Any]]:
    return lambda text: (function(text),)


_ALONE: dict[str, Callable[[str | None], Cleaned]] = {
    "birth_date": clean_date,
    "national_id": _national_id,
    "job_title": clean_text,
    "company_name": clean_organisation,
    "website": clean_website,
    "language": clean_language,
}
