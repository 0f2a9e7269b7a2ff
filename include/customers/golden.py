"""Golden records: one value a field, by the field's rule, with the source record that gave it, through time."""

from collections.abc import Mapping
from typing import Literal

import psycopg
from psycopg import sql
from pydantic import Field, model_validator

from include.config_files import StrictModel, read_config
from include.customers.kinds import ADDRESS, ORGANISATION, PERSON, Kind
from include.settings import CONFIG, SQL

Rule = Literal["recent", "trusted", "frequent", "complete"]
Missing = Literal["fill", "leave", "company"]

# what of a person can be their company's as well
OF_COMPANY = ("phone", "website", *ADDRESS)


class GoldenConfig(StrictModel):
    """How a kind's golden record is made: the order of trust, each field's rule, and what fills an empty field."""

    trusted: tuple[str, ...] = ()
    fields: Mapping[str, Rule] = Field(default_factory=dict)
    missing: Mapping[str, Missing] = Field(default_factory=dict)


class Golden(StrictModel):
    """include/config/golden.yaml."""

    persons: GoldenConfig
    organisations: GoldenConfig

    @model_validator(mode="after")
    def _fields_are_known(self) -> "Golden":
        for name, config, kind in (
            ("persons", self.persons, PERSON),
            ("organisations", self.organisations, ORGANISATION),
        ):
            for part in ("fields", "missing"):
                for field in getattr(config, part):
                    if field not in kind.fields:
                        raise ValueError(f"{name}.{part}.{field} is no field: one of {', '.join(kind.fields)}")
        for field, missing in self.persons.missing.items():
            if missing == "company" and field not in OF_COMPANY:
                raise ValueError(f"persons.missing.{field}: a company fills only {', '.join(OF_COMPANY)}")
        if "company" in self.organisations.missing.values():
            raise ValueError("organisations.missing: a company has no company to be filled from: fill or leave")
        return self


def load_golden_config() -> Golden:
    """Read include/config/golden.yaml.

    :raises ConfigError: naming the file, the key and what was expected.
    """
    return read_config(CONFIG / "golden.yaml", Golden)


def build_golden_records(connection: psycopg.Connection, kind: Kind) -> None:
    """Make the golden records of a kind's affected ids anew, from all versions of all of their records.

    Reads ``affected_<kind>`` (canonical_id); core.company_link must be up to date.
    """
    config = load_golden_config()
    rules = config.persons if kind is PERSON else config.organisations
    connection.execute("create temp table golden_rule (field text, rule text, is_left boolean) on commit drop")
    connection.execute("create temp table source_trust (source text, place integer) on commit drop")
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into golden_rule values (%s, %s, %s)",
            [
                (field, rules.fields.get(field, "recent"), rules.missing.get(field) == "leave")
                for field in (*kind.fields, "is_deleted")
            ],
        )
        cursor.executemany("insert into source_trust values (%s, %s)", [(s, n) for n, s in enumerate(rules.trusted)])
    names = {
        "link": sql.Identifier(kind.link),
        "dim": sql.Identifier(f"dim_{'customer' if kind is PERSON else 'company'}"),
        "id_column": sql.Identifier(kind.id_column),
        "affected": sql.Identifier(f"affected_{kind.name}"),
    }
    connection.execute(
        sql.SQL(
            "create temp table golden_member on commit drop as"
            " select l.{id_column} as canonical_id, l.record_id from core.{link} as l"
            " inner join {affected} as a on l.{id_column} = a.canonical_id"
        ).format(**names)
    )
    connection.execute("analyze golden_member")
    connection.execute(
        sql.SQL("delete from core.{dim} as d using {affected} as a where d.{id_column} = a.canonical_id").format(
            **names
        )
    )
    connection.execute((SQL / "core" / "golden_period.sql").read_bytes(), {"kind": kind.name})
    connection.execute("analyze golden_period")
    connection.execute((SQL / "core" / f"dim_{'customer' if kind is PERSON else 'company'}.sql").read_bytes())
    connection.execute("drop table golden_rule, source_trust, golden_member, golden_period")


def write_company_fill(connection: psycopg.Connection) -> None:
    """Make the temporary table ``company_fill``: the fields of a person that their company's value may fill."""
    connection.execute("create temp table company_fill (field text primary key) on commit drop")
    fields = [field for field, missing in load_golden_config().persons.missing.items() if missing == "company"]
    connection.execute("insert into company_fill select unnest(%s::text[])", [fields])
