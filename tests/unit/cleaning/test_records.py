"""Records of people and companies: what their columns say."""

import csv
import os
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from include.customers.cleaning.companies import COMPANY_COLUMNS, clean_companies
from include.customers.cleaning.people import PEOPLE_COLUMNS, clean_people


def one(table: pa.Table) -> dict:
    (row,) = table.to_pylist()
    return row


def test_a_person() -> None:
    row = one(
        clean_people(
            pa.table(
                {
                    "unique_id": ["7"],
                    "full_name": ["Dr. Bill Müller"],
                    "birth_date": ["19640102"],
                    "national_id": ["12-34 ab"],
                    "email": ["bill.mueller+crm@mail.Acme.example"],
                    "phone": ["030 23125123"],
                    "company_name": ["Acme GmbH"],
                    "street": ["Hauptstr. 12a"],
                    "city": ["BERLIN"],
                    "postcode": ["D-10115"],
                    "country": ["Deutschland"],
                    "language": ["deutsch"],
                    "score": [3],
                }
            ),
            default_country="US",
        )
    )
    assert {name: value for name, value in row.items() if value is not None} == {
        "unique_id": "7",
        "score": 3,
        "full_name": "Bill Müller",
        "given_name": "Bill",
        "family_name": "Müller",
        "birth_date": "1964-01-02",
        "national_id": "1234AB",
        "email": "bill.mueller+crm@mail.acme.example",
        "phone": "+493023125123",
        "company_name": "Acme GmbH",
        "street": "Hauptstraße",
        "house_number": "12A",
        "city": "Berlin",
        "postcode": "10115",
        "country": "DE",
        "language": "de",
        "full_name_code": "split+title",
        "birth_date_code": "to_iso",
        "national_id_code": "compact",
        "email_code": "lowercased",
        "phone_code": "to_e164",
        "company_name_code": "same",
        "street_code": "number+type",
        "city_code": "cased",
        "postcode_code": "compact",
        "country_code": "to_iso",
        "language_code": "to_bcp47",
        "given_key": "bill",
        "family_key": "muller",
        "given_forms": ["bill", "robert", "will", "william", "willis"],
        "email_key": "bill.mueller@mail.acme.example",
        "email_name": "billmuller",
        "street_key": "hauptstrasse",
        "city_key": "berlin",
        "company_key": "acme",
        "domain": "acme.example",
    }


def test_the_domain_is_a_companys_own() -> None:
    people = clean_people(
        pa.table(
            {
                "email": ["a@gmail.com", "a@acme.example", "a@acme.example", "info@acme.example", "a@web.de"],
                "website": [None, None, "www.bee.example", "https://www.linkedin.com/in/a", "yahoo.de"],
            }
        )
    )
    assert people["domain"].to_pylist() == [None, "acme.example", "bee.example", "acme.example", None]
    assert people["email_key"].to_pylist()[3] is None
    assert people["email_name"].to_pylist()[3] is None


def test_a_field_that_was_not_there_has_no_code_and_one_that_was_empty_says_so() -> None:
    people = clean_people(pa.table({"email": ["", None, "x"]}))
    assert people["email_code"].to_pylist() == ["empty", "empty", "invalid"]
    assert people["phone_code"].to_pylist() == [None] * 3
    assert people.column_names == list(PEOPLE_COLUMNS)


def test_the_shape_is_the_same_whatever_comes_in() -> None:
    for table in (pa.table({"unique_id": pa.array([], pa.int64())}), pa.table({"unique_id": [1]})):
        people, companies = clean_people(table), clean_companies(table)
        assert people.schema == pa.schema([("unique_id", pa.int64()), *PEOPLE_COLUMNS.items()])
        assert companies.schema == pa.schema([("unique_id", pa.int64()), *COMPANY_COLUMNS.items()])
        assert people.num_rows == companies.num_rows == table.num_rows


def test_columns_need_not_be_text() -> None:
    people = clean_people(pa.table({"postcode": [10115], "birth_date": pa.array([0], pa.date32()), "email": [None]}))
    assert one(people)["postcode"] == "10115"
    assert one(people)["birth_date"] == "1970-01-01"


def test_a_company() -> None:
    row = one(
        clean_companies(
            pa.table(
                {
                    "name": ["The Smith & Sons Co., Ltd."],
                    "domain": ["https://www.smith.example/"],
                    "phone": ["020 7183 8750"],
                    "street": ["Flat 3, 12 High St."],
                    "city": ["London"],
                    "postcode": ["sw1a 1aa"],
                    "country": ["UK"],
                    "industry": [" Retail"],
                    "employees": ["1,200"],
                    "annual_revenue": ["£1.5m"],
                }
            )
        )
    )
    assert row["name"] == "The Smith & Sons Co., Ltd."
    assert row["name_key"] == "smithsons"
    assert (row["website"], row["domain"]) == ("smith.example", "smith.example")
    assert row["phone"] == "+442071838750"
    assert (row["house_number"], row["street_key"], row["unit"]) == ("12", "highstreet", "3")
    assert (row["postcode"], row["country"], row["industry"]) == ("SW1A1AA", "GB", "Retail")
    assert row["employees"] == 1200
    assert (row["annual_revenue"], row["annual_revenue_currency"]) == (Decimal("1500000.00"), "GBP")


def real_data() -> Path:
    folder = os.environ.get("CRM_REAL_DATA")
    if not folder:
        pytest.skip("CRM_REAL_DATA is not set: no real records")
    return Path(folder)


def test_the_countries_of_a_real_crm() -> None:
    with (real_data() / "maven_crm" / "accounts.csv").open(encoding="utf-8") as file:
        offices = [row["office_location"] for row in csv.DictReader(file)]
    companies = clean_companies(pa.table({"country": offices}))
    assert None not in companies["country"].to_pylist()
    assert companies["country"].to_pylist()[offices.index("Philipines")] == "PH"


def test_real_records_of_people() -> None:
    with (real_data() / "febrl" / "dataset1.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, skipinitialspace=True))
    people = clean_people(
        pa.table(
            {
                "given_name": [row["given_name"] for row in rows],
                "family_name": [row["surname"] for row in rows],
                "birth_date": [row["date_of_birth"] for row in rows],
                "state": [row["state"] for row in rows],
            }
        )
    )
    written = sum(bool(row["given_name"]) for row in rows)
    assert sum(name is not None for name in people["given_key"].to_pylist()) == written
    days = [(row["date_of_birth"], day) for row, day in zip(rows, people["birth_date"].to_pylist(), strict=True)]
    assert all(day is None or day.replace("-", "") == text for text, day in days)
    # counted with datetime.strptime: 41 of the 1,000 are empty, 3 are no days of the calendar
    assert sum(day is not None for _, day in days) == 956
