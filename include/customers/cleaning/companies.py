"""Records of companies: every field clean, with a code for what was done, and the columns that matching compares."""

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from include.customers.cleaning.batch import distinct, in_batches, texts
from include.customers.cleaning.money import clean_money
from include.customers.cleaning.organisations import clean_organisation, organisation_key
from include.customers.cleaning.people import (
    ADDRESS_FIELDS,
    TEXT,
    clean_phones,
    clean_places,
    company_domain,
    without_missing,
)
from include.customers.cleaning.text import clean_text
from include.customers.cleaning.websites import clean_website

COMPANY_FIELDS = ("name", "website", "phone", *ADDRESS_FIELDS, "industry", "employees", "annual_revenue")
_AMOUNT = pa.decimal128(38, 2)
_MOST = Decimal(10) ** 30
# The columns that `clean_companies` always returns, with their types; `domain` is the registrable one.
COMPANY_COLUMNS: dict[str, pa.DataType] = {
    **dict.fromkeys(COMPANY_FIELDS, TEXT),
    "employees": pa.int64(),
    "annual_revenue": _AMOUNT,
    "annual_revenue_currency": TEXT,
    **{f"{field}_code": TEXT for field in COMPANY_FIELDS},
    "name_key": TEXT,
    "domain": TEXT,
    "street_key": TEXT,
    "unit_key": TEXT,
    "city_key": TEXT,
    "state_key": TEXT,
}


def clean_companies(table: pa.Table, default_country: str | None = None) -> pa.Table:
    """A record a row, clean, in the order that they came.

    :param table: any of COMPANY_FIELDS, as text, and `domain` for a website; `annual_revenue_currency` is ISO 4217.
        Columns of other names are passed on untouched.
    :param default_country: ISO 3166 alpha-2, of telephone numbers that name no country in records that name none.
    :return: the other columns, then COMPANY_COLUMNS. A field's code is null when the table has no such column.
    """
    return in_batches(table, lambda batch: _clean(batch, default_country), COMPANY_COLUMNS)


def _clean(batch: pa.RecordBatch, default_country: str | None) -> dict[str, pa.Array]:
    made = clean_places(batch)
    made |= clean_phones(batch, made["country"], default_country)
    made["name"], made["name_code"], made["name_key"] = distinct(_name, (TEXT,) * 3, texts(batch, "name"))
    site = pc.coalesce(texts(batch, "website"), texts(batch, "domain"))
    made["website"], made["website_code"], made["domain"] = distinct(_website, (TEXT,) * 3, site)
    made["industry"], made["industry_code"] = distinct(clean_text, (TEXT, TEXT), texts(batch, "industry"))
    made["employees"], made["employees_code"] = distinct(_employees, (pa.int64(), TEXT), texts(batch, "employees"))
    made["annual_revenue"], made["annual_revenue_currency"], made["annual_revenue_code"] = distinct(
        _revenue, (_AMOUNT, TEXT, TEXT), texts(batch, "annual_revenue"), texts(batch, "annual_revenue_currency")
    )
    return without_missing(made, batch, COMPANY_FIELDS)


def _name(text: str | None) -> tuple[str | None, str, str | None]:
    value, code = clean_organisation(text)
    return value, code, organisation_key(value)


def _website(text: str | None) -> tuple[str | None, str, str | None]:
    value, code = clean_website(text)
    return value, code, company_domain(value)


def _employees(text: str | None) -> tuple[int | None, str]:
    amount, currency, code = clean_money(text)
    if amount is None:
        return None, code
    if currency or amount < 0 or amount != amount.to_integral_value() or amount >= 10**12:
        return None, "invalid"
    return int(amount), code


def _revenue(text: str | None, currency: str | None) -> tuple[Decimal | None, str | None, str]:
    amount, currency, code = clean_money(text, currency)
    if amount is None:
        return None, None, code
    if abs(amount) >= _MOST:
        return None, None, "invalid"
    return round(amount, 2), currency, code
