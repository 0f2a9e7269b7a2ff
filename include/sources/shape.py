"""Which fields the records of a load have, and of which JSON types: every record is looked at, none is sampled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from include.sources.page import Columns, Page

DEEPEST = 3
# An object with more fields than any record has is a map from ids to things, not a record.
MOST_FIELDS = 1_000
LONGEST_PATH = 300

_JSON_TYPES = {str: "string", int: "number", float: "number", bool: "boolean", dict: "object", list: "array"}


@dataclass
class Field:
    """A field as a load had it: in how many records, and with which JSON types, null left out."""

    present: int = 0
    types: set[str] = field(default_factory=set)


class Shape:
    """The fields of a load's records by path.

    Paths are dotted and three deep; the elements of a list are one level: ``changes[].field``. ``fields`` has no more
    than a thousand: what comes after that is left out.
    """

    def __init__(self) -> None:
        self.records = 0
        self.fields: dict[str, Field] = {}

    def add(self, page: Page) -> None:
        """Take in the records of a page."""
        if isinstance(page, Columns):
            self.records += page.table.num_rows
            for name, column in zip(page.table.column_names, page.table.columns, strict=True):
                self._note(name, len(column), {"string"} if column.null_count < len(column) else set())
        else:
            records = page.rows if {*map(type, page.rows)} == {dict} else _of(dict, page.rows)
            self.records += len(records)
            self._look(records, "", 1)

    def _look(self, objects: Sequence[dict], prefix: str, depth: int) -> None:
        # Objects of one kind mostly have the same keys in the same order. Looked at by column, in loops that the
        # interpreter does not run, a cell costs some 50 ns.
        keys = list(map(tuple, objects))
        alike: dict[tuple, Sequence[dict]] = dict.fromkeys(keys, objects)
        if len(alike) > 1:
            alike = {one: [] for one in alike}
            for one, object_ in zip(keys, objects, strict=True):
                alike[one].append(object_)  # type: ignore[attr-defined]
        for names, same in alike.items():
            for name, values in zip(names, zip(*map(dict.values, same), strict=True), strict=True):
                self._note_values(f"{prefix}{name}", values, depth)

    def _note_values(self, path: str, values: tuple, depth: int) -> None:
        kinds = set(map(type, values))
        self._note(path, len(values), {_JSON_TYPES[kind] for kind in kinds if kind in _JSON_TYPES})
        if depth == DEEPEST:
            return
        if dict in kinds:
            self._look(values if len(kinds) == 1 else _of(dict, values), f"{path}.", depth + 1)
        if list in kinds:
            elements = list(chain.from_iterable(_of(list, values)))
            if elements and (objects := _of(dict, elements)):
                self._look(objects, f"{path}[].", depth + 1)

    def _note(self, path: str, present: int, types: set[str]) -> None:
        path = path[:LONGEST_PATH].replace("\x00", "\\x00").encode(errors="backslashreplace").decode()
        found = self.fields.get(path)
        if found is None:
            if len(self.fields) >= MOST_FIELDS:
                return
            found = self.fields[path] = Field()
        found.present += present
        found.types |= types


def _of(kind: type, values: Iterable[Any]) -> list:
    return [value for value in values if type(value) is kind]
