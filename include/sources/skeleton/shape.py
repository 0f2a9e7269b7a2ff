"""What of an answer is the list of records, and which fields of a record are its key and its time of change."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from include.sources.fields import value_at
from include.sources.skeleton.fields import Field, TimeForm, as_word, time_form

# Names of lists of records, and of lists beside them.
LISTS = (
    "data",
    "results",
    "records",
    "items",
    "value",
    "values",
    "entries",
    "hits",
    "rows",
    "edges",
    "list",
    "content",
)
_BESIDE = ("included", "errors", "links", "warnings", "messages", "meta", "facets", "filters", "fields", "columns")
_DEEPEST = 4

# Objects that only hold a record's own fields.
WRAPPERS = ("properties", "attributes", "fields", "node", "values", "data", "details", "info")

_IDS = ("id", "uuid", "guid", "gid", "key", "objectid", "recordid", "number", "code", "ref", "reference", "url", "href")
_CHANGED = (
    *("updatedat", "lastmodified", "lastmodifieddate", "lastmodifiedat", "modifiedat", "modified", "updated"),
    *("lastupdated", "lastupdatedat", "lastupdate", "updatedate", "updateddate", "modifieddate", "modifieddatetime"),
    *("dateupdated", "datemodified", "updatetime", "updatedtime", "modifiedtime", "lastmodifiedtime", "updatedon"),
    *("modifiedon", "changedat", "changedon", "systemmodstamp", "hslastmodifieddate", "lastchanged", "mtime"),
)
# Of what happens once and is not changed: the time when it happened.
_HAPPENED = ("timestamp", "occurredat", "eventat", "createdat", "created", "time", "at")
_MOST_PARTS = 6


@dataclass(frozen=True)
class Records:
    """The list of records of an answer: ``others`` are the paths of further lists of objects."""

    path: str
    rows: list[dict]
    others: tuple[str, ...]


@dataclass(frozen=True)
class Key:
    """Paths that together are the record's key, and what speaks for them; ``is_known`` when it is no guess."""

    paths: tuple[str, ...]
    why: str
    is_sure: bool = True
    is_known: bool = False


@dataclass(frozen=True)
class Version:
    """The path of the record's time of change, and how it is written."""

    path: str
    form: TimeForm


def find_records(answer: Any, entity: str | None) -> Records | None:
    """The list of objects that an answer is about: one with a usual name, then the longest, then the outermost.

    :param entity: name of the entity, which the list may have, too.
    """
    lists = list(_lists(answer, ()))
    if not lists:
        return None

    def rank(found: tuple[tuple[str, ...], list[dict]]) -> tuple[int, int, int]:
        path, rows = found
        name = as_word(path[-1]) if path else ""
        is_named = not path or name in LISTS or (entity is not None and name == as_word(entity))
        return (is_named - (name in _BESIDE), len(rows), -len(path))

    best = max(lists, key=rank)
    others = tuple(".".join(path) for path, _ in lists if path != best[0])
    return Records(".".join(best[0]), best[1], others)


def _lists(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[dict]]]:
    if isinstance(value, list):
        rows = [element for element in value if isinstance(element, dict)]
        if len(rows) * 2 > len(value):
            yield path, rows
    elif isinstance(value, dict) and len(path) < _DEEPEST:
        for key, inner in value.items():
            if "." not in key and key.isprintable() and key:  # what `records:` can say
                yield from _lists(inner, (*path, key))


def find_key(rows: Sequence[dict], fields: Sequence[Field], entity: str) -> Key | None:
    """The fields that tell the records apart; None when no field is in every record."""
    singular = as_word(entity).removesuffix("s")
    wanted = [*_IDS[:1], f"{singular}id", f"{singular}key", *_IDS[1:], f"{singular}number", singular]
    there = [field for field in fields if _is_whole(field, rows)]
    named = [field for word in wanted for field in there if _own_word(field) == word]
    others = [field for field in there if field not in named and len(field.path) == 1]
    ids = [field for field in others if field.word.endswith(("id", "key", "uuid", "number", "no", "code"))]
    for field in named:
        if _is_unique(rows, [field]):
            return Key((field.name,), f"unique in all {len(rows):,} records of the sample")
    parts = [*named, *ids, *(field for field in others if field not in ids)][:_MOST_PARTS]
    if len(rows) > 1:
        for size in (1, 2):
            for some in combinations(parts, size):
                if _is_unique(rows, some):
                    why = "unique in the sample, and no field has the usual name of a key"
                    return Key(tuple(field.name for field in some), why, is_sure=False)
    if parts:
        return Key((parts[0].name,), "the likeliest field, and not unique in the sample", is_sure=False)
    return None


def _is_whole(field: Field, rows: Sequence[dict]) -> bool:
    """Whether every record has a value there that can be a key."""
    is_key = not field.in_lists and not any(isinstance(value, bool | float) for value in field.values)
    return is_key and field.records == len(rows) and field.is_reached(rows)


def _own_word(field: Field) -> str:
    """The field's name as a word, without the wrapper that it is in."""
    inner = field.path[1:] if len(field.path) > 1 and as_word(str(field.path[0])) in WRAPPERS else field.path
    return as_word("".join(map(str, inner)))


def _is_unique(rows: Sequence[dict], fields: Sequence[Field]) -> bool:
    return len({tuple(str(value_at(row, field.name)) for field in fields) for row in rows}) == len(rows)


def find_version(rows: Sequence[dict], fields: Sequence[Field], feeds: str) -> Version | None:
    """The field with the record's time of change; of events, which do not change, the time when they happened."""
    words = (*_CHANGED, *_HAPPENED) if feeds == "ticket_event" else _CHANGED
    for word in words:
        for field in fields:
            if _own_word(field) == word and not field.in_lists and field.is_reached(rows):
                form = time_form(field.values)
                if form:
                    return Version(field.name, form)
    return None
