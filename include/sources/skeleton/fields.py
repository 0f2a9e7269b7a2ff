"""What the records of a sample hold: each field with its place and the values found there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from include.sources.fields import instant, value_at

TimeForm = Literal["iso", "day", "s", "ms"]

LOOKED_AT = 1_000  # records of a sample
_DEEPEST = 4
_LONGEST_KEY = 63  # bytes
# No customer's record is older than this, or tells of a later year.
_FIRST_YEAR, _LAST_YEAR = 1970, 2100
_FIRST_SECOND = 100_000_000  # March 1973: a smaller number is a count or a key
_LARGEST_SECOND = 1e11


@dataclass
class Field:
    """A place in the records: ``path`` is keys, and 0 for the first element of a list.

    ``values`` are the scalars found there that are neither null nor empty, ``in_lists`` whether they are elements of a
    list, ``records`` the number of records that have one.
    """

    path: tuple[str | int, ...]
    values: list[Any] = field(default_factory=list)
    in_lists: bool = False
    records: int = 0

    @property
    def name(self) -> str:
        """The path as the YAML has it: ``properties.email``."""
        return ".".join(map(str, self.path))

    @property
    def word(self) -> str:
        """The path as one word of small letters and digits: ``ownerid`` of ``owner.id``."""
        return as_word("".join(key for key in self.path if isinstance(key, str)))

    @property
    def is_usable(self) -> bool:
        """Whether its keys can stand in files that people read, and none is longer than a name of PostgreSQL's."""
        return all(
            isinstance(key, int) or (key.isprintable() and len(key.encode()) <= _LONGEST_KEY) for key in self.path
        )

    def is_reached(self, rows: Sequence[dict]) -> bool:
        """Whether the readers find its values by its name: not when a key has a dot in it below the first level."""
        return self.is_usable and sum(not is_empty(value_at(row, self.name)) for row in rows) == self.records


def as_word(text: str) -> str:
    """Small letters and digits only: ``e-Mail_Address`` is ``emailaddress``."""
    return "".join(filter(str.isalnum, text.lower()))


def is_empty(value: Any) -> bool:
    """Whether it says nothing: null, or an empty text."""
    return value is None or value == ""


def fields_of(rows: Sequence[dict]) -> list[Field]:
    """The fields of the first records, in the order of their first appearance."""
    found: dict[tuple[str | int, ...], Field] = {}
    for row in rows[:LOOKED_AT]:
        for path, value, in_list in _scalars(row, ()):
            place = found.setdefault(path, Field(path))
            place.in_lists |= in_list
            if not is_empty(value):
                place.values.append(value)
                place.records += 1
    # what is null in one record and an object in another is the object
    objects = {path[:depth] for path, place in found.items() for depth in range(1, len(path))}
    return [place for path, place in found.items() if place.values or path not in objects]


def _scalars(value: Any, path: tuple[str | int, ...]) -> Iterable[tuple[tuple[str | int, ...], Any, bool]]:
    if isinstance(value, dict) and len(path) < _DEEPEST:
        for key, inner in value.items():
            yield from _scalars(inner, (*path, key))
    elif isinstance(value, list) and path:
        if not value or not isinstance(value[0], dict | list):
            yield path, value[0] if value else None, True
        elif isinstance(value[0], dict):
            yield from _scalars(value[0], (*path, 0))
    elif not isinstance(value, dict | list):
        yield path, value, False


def time_form(values: Sequence[Any]) -> TimeForm | None:
    """How all of some values are written, if they are times: ISO 8601, a day of it, Unix seconds or milliseconds."""
    forms = {_form(value) for value in values}
    if forms == {"iso", "day"}:
        return "iso"
    return forms.pop() if len(forms) == 1 else None


def _form(value: Any) -> TimeForm | None:
    if isinstance(value, bool) or (moment := instant(value)) is None:
        return None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return None
    if isinstance(value, str) and not _is_number(value):
        return "day" if len(value) == 10 and is_day(value) else "iso"
    number = float(value)
    if number < _FIRST_SECOND:
        return None
    return "ms" if number > _LARGEST_SECOND else "s"


def is_day(text: str) -> bool:
    """Whether it is a date of ISO 8601 and nothing else."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def is_number(value: Any) -> bool:
    """Whether PostgreSQL takes it as a number that is finite."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) or (isinstance(value, str) and _is_number(value) and value[-1:].isdigit())


def is_flag(value: Any) -> bool:
    """Whether PostgreSQL takes it as true or false."""
    words = ("true", "false", "yes", "no", "on", "off", "t", "f", "y", "n", "1", "0")
    return str(value).strip().lower() in words


def is_time(value: Any) -> bool:
    """Whether PostgreSQL takes it as a time, as far as it is sure to."""
    if not isinstance(value, str) or _is_number(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
