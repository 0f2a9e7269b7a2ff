"""The engine in this process: one set of records in DuckDB, compared by Splink.

Names of columns are the only things formatted into statements; the configuration lets none pass but plain words.
"""
# ruff: noqa: S608

import logging
import os
import tempfile
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa
from splink import DuckDBAPI, Linker, SettingsCreator

from include.customers.identity.comparisons import LISTS

# It warns of every level that a sample did not show; the model is told of those anyway.
logging.getLogger("splink").setLevel(logging.ERROR)

# What is over it goes to the temporary folder, so that much data is slow and not fatal.
MEMORY = "2GB"

_DERIVED = {
    "full_key": "given_key || ' ' || family_key",
    # the same when given and family name are swapped
    "sorted_name": "least(given_key, family_key) || ' ' || greatest(given_key, family_key)",
    # what stands in a mailbox of that name (jsmith), and the mailbox of a record that has no name
    "mailbox_pattern": "case when length(family_key) >= 3 then"
    " '%' || substr(given_key, 1, 1) || '%' || family_key || '%' end",
    "nameless_mailbox": "case when family_key is null and coalesce(given_key = email_name, true) then email_name end",
    # a mailbox that is made of the name says no more than the name does
    "own_mailbox": "case when length(email_name) >= 6"
    " and len(list_filter(list_concat([family_key, given_key], given_forms),"
    " lambda name: length(name) >= 3 and contains(email_name, name))) = 0 then email_name end",
}

Rule = tuple[str, ...]


class DuckDB:
    """A database in memory with one set of records; a context manager.

    :param records: the matching columns, text or lists of it, and ``row``, a number that is each record's own. Columns
        that are not there are null.
    :param columns: the matching columns that are used.
    """

    def __init__(self, records: pa.Table, columns: Iterable[str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="crm-identity-")
        self.connection = duckdb.connect(
            config={
                "threads": os.cpu_count() or 1,
                "memory_limit": MEMORY,
                "temp_directory": self._folder.name,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "preserve_insertion_order": False,
            }
        )
        self.connection.execute("set enable_progress_bar = false")
        self._api = DuckDBAPI(self.connection)
        taken = {"given_key", "family_key", "given_forms", "email_name", *columns} - set(_DERIVED)
        there = taken.intersection(records.column_names)
        selected = [
            f"{name if name in there else 'null'}::{'varchar[]' if name in LISTS else 'varchar'} as {name}"
            for name in sorted(taken)
        ]
        self.connection.register("incoming", records.select(["row", *sorted(there)]))
        derived = [f"{_DERIVED[name]} as {name}" for name in sorted(set(columns) & set(_DERIVED))]
        self.execute(
            f"create table records as select *{''.join(f', {one}' for one in derived)}"
            f" from (select row::bigint as row, {', '.join(selected)} from incoming)"
        )
        self.connection.unregister("incoming")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.connection.close()
        self._folder.cleanup()

    def filled(self, column: str) -> float:
        """The share of records in which a column is filled, 0 to 1."""
        return self._value(f"select coalesce(count({column}) / nullif(count(*), 0), 0) from records")

    def terms(self, column: str) -> dict[str, float]:
        """The share of the filled records of every value that is there at least twice."""
        return dict(
            self._rows(
                f"select {column}, count(*) / sum(count(*)) over () from records where {column} is not null"
                f" group by 1 qualify count(*) > 1 order by 1"
            )
        )

    def pairs_of(self, rule: Iterable[str]) -> float:
        """How many pairs of records have all the columns of a rule equal."""
        columns = ", ".join(rule)
        filled = " and ".join(f"{column} is not null" for column in rule)
        return self._value(
            "select coalesce(sum(records * (records - 1) / 2), 0) from"
            f" (select count(*) as records from records where {filled} group by {columns})"
        )

    def keys(self, blocking: Iterable[Rule]) -> pa.Table:
        """``row`` and ``key``, for each record, rule and member of a list; a key is 64 bits that no release changes."""
        # the lower half of an MD5 is the same in every engine and release; as a signed number it fits a bigint
        key = "(md5_number_lower(concat_ws(chr(31), {}))::hugeint - 9223372036854775808)::bigint"
        return self.connection.sql(_keys(blocking, key)).to_arrow_table()

    def block(self, blocking: Iterable[Rule], fresh: pa.Array | None = None) -> None:
        """Find the pairs of records that share a key, the smaller row first: the table ``pairs``.

        :param fresh: rows; only pairs with one of these.
        """
        # hash() is several times as fast as MD5, and lives no longer than this database
        self.execute(f"create or replace table keys as {_keys(blocking, 'hash({})')}")
        sides = "keys a join keys b on a.key = b.key and a.row < b.row"
        if fresh is not None:
            self.connection.register("fresh", pa.table({"row": fresh}))
            self.execute("create or replace table fresh_keys as select * from keys semi join fresh using (row)")
            self.connection.unregister("fresh")
            sides = "fresh_keys a join keys b on a.key = b.key and a.row <> b.row"
        self.execute(
            "create or replace table pairs as select distinct least(a.row, b.row) as join_key_l,"
            f" greatest(a.row, b.row) as join_key_r, '0' as match_key from {sides}"
        )
        self.execute("drop table keys")

    def take_pairs(self, pairs: pa.Table) -> None:
        """Compare these pairs instead of those that block() would find: columns ``l`` and ``r``, rows of records."""
        self.connection.register("taken", pairs)
        self.execute(
            "create or replace table pairs as select l as join_key_l, r as join_key_r, '0' as match_key from taken"
        )
        self.connection.unregister("taken")

    def share_terms(self, terms: Mapping[str, Mapping[str, float]], records: int) -> dict[str, str]:
        """Tables of the share that each value of the records has by a model; a value unknown to it counts one record.

        :return: the table of each column; the full name's share is the product of those of its parts.
        """
        tables = {}
        for column, shares in terms.items():
            known = pa.table(
                {"value": pa.array(shares.keys(), pa.string()), "share": pa.array(shares.values(), pa.float64())}
            )
            self.connection.register("known", known)
            self.execute(
                f"create or replace table tf_{column} as"
                f" select r.{column}, coalesce(k.share, {1 / records!r}) as tf_{column}"
                f" from (select distinct {column} from records where {column} is not null) r"
                f" left join known k on k.value = r.{column}"
            )
            self.connection.unregister("known")
            tables[column] = f"tf_{column}"
        if "given_key" in tables and "family_key" in tables:
            self.execute(
                "create or replace table tf_full_key as select r.full_key, tf_given_key * tf_family_key as tf_full_key"
                " from (select distinct full_key, given_key, family_key from records where full_key is not null) r"
                " join tf_given_key using (given_key) join tf_family_key using (family_key)"
            )
            tables["full_key"] = "tf_full_key"
        return tables

    def linker(self, settings: SettingsCreator, terms: Mapping[str, str] | None = None) -> Linker:
        """Splink over the records, with tables of term frequencies by column."""
        linker = Linker(self._api.register("records"), settings, log_level=None, validate_settings=False)
        for column, table in (terms or {}).items():
            linker.table_management.register_term_frequency_lookup(self._api.register(table), column)
        return linker

    def predict(self, settings: SettingsCreator, terms: Mapping[str, str], least_weight: float) -> str:
        """Compare the pairs that are there; the table of those of at least a weight, in bits."""
        linker = self.linker(settings, terms)
        linker.table_management.register_blocked_pairs_for_predict(self._api.register("pairs"))
        return linker.inference.predict(threshold_match_weight=least_weight, warning_mode="never").physical_name

    def table(self, query: str) -> pa.Table:
        """What a query finds."""
        return self.connection.sql(query).to_arrow_table()

    def execute(self, statement: str) -> None:
        """Run a statement."""
        self.connection.execute(statement)

    def _value(self, query: str) -> float:
        return float(self._rows(query)[0][0])

    def _rows(self, query: str) -> list[Any]:
        return self.connection.execute(query).fetchall()


def _keys(blocking: Iterable[Rule], key: str) -> str:
    return " union all ".join(_keys_of_rule(rule, key) for rule in blocking)


def _keys_of_rule(rule: Rule, key: str) -> str:
    """The statement of a rule's keys: the rule's own text is part of each, so that no two rules share one."""
    values, members = [], []
    for item in rule:
        column, _, length = item.partition(":")
        if column in LISTS:
            members.append(f", unnest({column}) as {column}_member")
            column = f"{column}_member"
        values.append(f"substr({column}, 1, {length})" if length else column)
    filled = " and ".join(f"{value} is not null" for value in values)
    values.insert(0, f"'{'+'.join(rule)}'")
    records = f"(select *{''.join(members)} from records)"
    return f"select row, {key.format(', '.join(values))} as key from {records} where {filled}"
