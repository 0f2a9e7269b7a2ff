"""The two kinds of record that are cleaned, linked and told as one: persons and organisations."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

KindName = Literal["person", "organisation"]


@dataclass(frozen=True)
class Kind:
    """What differs between persons and organisations.

    ``cleaned`` are the fields that the cleaner takes, ``told`` those that are kept as the source has them;
    ``matching`` are the columns of the cleaner's output that records are compared by.
    """

    name: KindName
    link: str
    id_column: str
    id_prefix: str
    cleaned: tuple[str, ...]
    told: tuple[str, ...]
    matching: tuple[str, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field of the golden record."""
        return (*self.cleaned, *self.told)

    @property
    def clean(self) -> Callable[[pa.Table], pa.Table]:
        """The cleaner of a batch of records."""
        if self.name == "person":
            from include.customers.cleaning.people import clean_people

            return clean_people
        from include.customers.cleaning.companies import clean_companies

        return clean_companies


ADDRESS = ("house_number", "street", "unit", "postcode", "city", "state", "country")

PERSON = Kind(
    name="person",
    link="customer_link",
    id_column="customer_id",
    id_prefix="c",
    cleaned=(
        "full_name", "given_name", "family_name", "birth_date", "email", "phone", "job_title", "company_name",
        "website", *ADDRESS, "language",
    ),
    told=("company_record", "lifecycle_stage"),
    matching=(
        "given_key", "family_key", "given_forms", "email_key", "email_name", "phone", "birth_date", "street_key",
        "house_number", "unit_key", "city_key", "postcode", "state_key", "country", "company_key", "domain",
    ),
)  # fmt: skip
ORGANISATION = Kind(
    name="organisation",
    link="company_link",
    id_column="company_id",
    id_prefix="o",
    cleaned=("name", "domain", "phone", *ADDRESS),
    told=("industry", "employees", "annual_revenue", "parent_name"),
    matching=("name_key", "domain", "phone", "street_key", "house_number", "city_key", "postcode", "country"),
)
