"""What holds of every cleaner whatever the text: it does not raise, and cleaning twice is cleaning once."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from include.customers.cleaning.addresses import (
    city_key,
    clean_address,
    clean_place,
    clean_postcode,
    clean_state,
    clean_street,
)
from include.customers.cleaning.companies import COMPANY_COLUMNS, COMPANY_FIELDS, clean_companies
from include.customers.cleaning.countries import clean_country
from include.customers.cleaning.dates import clean_date
from include.customers.cleaning.emails import clean_email, email_key
from include.customers.cleaning.languages import clean_language
from include.customers.cleaning.money import clean_money
from include.customers.cleaning.names import clean_name, given_forms, name_key
from include.customers.cleaning.organisations import clean_organisation, organisation_key
from include.customers.cleaning.people import PEOPLE_COLUMNS, PEOPLE_FIELDS, clean_people
from include.customers.cleaning.phones import clean_phone
from include.customers.cleaning.text import Cleaned, clean_text, tidy
from include.customers.cleaning.websites import clean_website

CLEANERS: dict[str, Callable[[str | None], Cleaned]] = {
    "country": clean_country,
    "date": clean_date,
    "email": clean_email,
    "language": clean_language,
    "organisation": clean_organisation,
    "phone": clean_phone,
    "phone_gb": lambda text: clean_phone(text, "GB"),
    "phone_us": lambda text: clean_phone(text, "US"),
    "place": clean_place,
    "postcode": clean_postcode,
    "state": clean_state,
    "state_us": lambda text: clean_state(text, "US"),
    "text": clean_text,
    "website": clean_website,
}
WORDS = (
    "Dr. Herr Mr van der de la O'Brien MCDONALD smith Jr. III PhD née Müller ß İ 王 欧阳 小明 先生 "
    "山田 さん 김 민준 씨 Иван GmbH & Co. KG Ltd S.A. 有限公司 株式会社 (株) St. St Str. Apt Flat Unit # No. 号 "
    "12 12a 4/12 12-14 7th N PO Box "
    "D- 10115 SW1A CA US "
    "+44 0049 011 (0) 20 7183 8750 ext "
    "x @ a@b.co <a@b.co> mailto: http:// "
    "www. .co.uk xn--mnchen-3ya münchen.de .example 1964 Jan 2 02/01 - . , ; : ' \" € $ kr k million 1.234 ,56 "
    "zh-cn german Deutschland the and e"
)
pieces = st.lists(st.sampled_from(WORDS.split()) | st.text(max_size=4), max_size=6).flatmap(
    lambda words: st.sampled_from(["", " ", " ", ", "]).map(lambda glue: glue.join(words))
)
anything = st.text(max_size=60) | st.text(st.characters(), max_size=20) | pieces
maybe = st.none() | anything
# what a table can hold: half of a surrogate pair is no text in UTF-8
storable = maybe.map(lambda text: text and text.encode("utf-8", "replace").decode())


def naughty_strings() -> list[str]:
    folder = os.environ.get("CRM_REAL_DATA")
    if not folder:
        pytest.skip("CRM_REAL_DATA is not set: no naughty strings")
    return json.loads((Path(folder) / "naughty_strings" / "blns.json").read_text(encoding="utf-8"))


def check(name: str, text: str | None) -> None:
    value, code = CLEANERS[name](text)
    if not tidy(text):
        assert (value, code) == (None, "empty")
    elif value is None:
        assert code.startswith("invalid")
    else:
        assert value == tidy(value) != ""
        assert (code == "same") == (value == text) or "possible" in code
        assert CLEANERS[name](value).value == value


@pytest.mark.parametrize("name", CLEANERS)
@given(text=anything)
@settings(max_examples=200, deadline=None)
@example(text="ǰ ŉ")
@example(text="a b")
def test_cleaning_twice_is_cleaning_once(name: str, text: str) -> None:
    check(name, text)


@pytest.mark.parametrize("name", CLEANERS)
def test_naughty_strings_pass(name: str) -> None:
    for text in [*naughty_strings(), None, "\ud800", "\x00"]:
        check(name, text)


def check_name(full: str | None, first: str | None, family: str | None) -> None:
    name = clean_name(full, first, family)
    if not (tidy(first) or tidy(family)):
        assert clean_name(name.full).full == name.full
    parts = clean_name(name.full, name.given, name.family)
    assert (parts.full, parts.given, parts.family) == (name.full, name.given, name.family)
    assert (name.full is None) == (name.code in ("empty", "invalid"))
    for part in (name.full, name.given, name.family):
        assert part is None or part == tidy(part) != ""
        for key in (name_key(part), *given_forms(part)):
            assert key is None or (key.isascii() and key.isalpha() and key.islower())


@given(full=maybe, first=maybe, family=maybe)
@settings(max_examples=300, deadline=None)
def test_a_clean_name_stays_as_it_is(full: str | None, first: str | None, family: str | None) -> None:
    check_name(full, first, family)


def test_naughty_names_pass() -> None:
    for text in naughty_strings():
        check_name(text, None, None)
        check_name(None, text, "Smith")
        check_name(None, "Ann", text)


def check_address(*parts: str | None) -> None:
    street, number, unit, city, postcode, state, country = parts
    once = clean_address(street, city, postcode, state, country, number, unit)
    again = clean_address(once.street, once.city, once.postcode, once.state, once.country, once.house_number, once.unit)
    assert again[:-1] == once[:-1]
    city_key(once.city)


@given(parts=st.tuples(*[maybe] * 7))
@settings(max_examples=300, deadline=None)
def test_a_clean_address_stays_as_it_is(parts: tuple[str | None, ...]) -> None:
    check_address(*parts)


def test_naughty_addresses_pass() -> None:
    for text in naughty_strings():
        check_address(*[text] * 7)
        assert clean_street(text).street != ""


@given(text=anything, currency=st.sampled_from([None, "USD", "CNY", "KWD", "xyz"]))
@settings(max_examples=300, deadline=None)
def test_a_clean_amount_stays_as_it_is(text: str, currency: str | None) -> None:
    money = clean_money(text, currency)
    if money.amount is not None:
        assert clean_money(f"{money.amount:f}", money.currency)[:2] == money[:2]


@given(text=anything)
@settings(max_examples=200, deadline=None)
def test_keys_never_raise_and_are_ascii(text: str) -> None:
    for key in (organisation_key(text), name_key(text), email_key(clean_email(text).value)):
        assert key is None or key


@given(rows=st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(PEOPLE_FIELDS, storable)), max_size=4))
@settings(max_examples=25, deadline=None)
def test_people_cleaned_together_are_as_cleaned_one_by_one(rows: list[dict[str, str | None]]) -> None:
    schema = pa.schema([("unique_id", pa.string()), *((field, pa.string()) for field in PEOPLE_FIELDS)])
    rows = [{"unique_id": str(number), **row} for number, row in enumerate(rows)]
    together = clean_people(pa.Table.from_pylist(rows, schema), "DE")
    assert together.column_names == ["unique_id", *PEOPLE_COLUMNS]
    assert together.to_pylist() == [
        clean_people(pa.Table.from_pylist([row], schema), "DE").to_pylist()[0] for row in rows
    ]
    again = clean_people(together.select(["unique_id", *PEOPLE_FIELDS]), "DE")
    fields = [name for name in PEOPLE_COLUMNS if not name.endswith("_code")]
    assert again.select(fields).to_pylist() == together.select(fields).to_pylist()


def test_naughty_strings_pass_in_every_column() -> None:
    strings = naughty_strings()
    people = clean_people(pa.table(dict.fromkeys(PEOPLE_FIELDS, strings)))
    companies = clean_companies(pa.table(dict.fromkeys(COMPANY_FIELDS, strings)))
    assert people.num_rows == companies.num_rows == len(strings)
    assert dict(zip(people.schema.names, people.schema.types, strict=True)) == PEOPLE_COLUMNS
    assert dict(zip(companies.schema.names, companies.schema.types, strict=True)) == COMPANY_COLUMNS
