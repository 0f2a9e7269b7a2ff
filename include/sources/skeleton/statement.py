"""The staging statement of a skeleton: every name that came from the source is quoted, or is not in it at all."""

import re
from collections import Counter
from collections.abc import Sequence
from textwrap import indent, wrap

from include.sources.config import Feeds
from include.sources.skeleton.columns import COLUMNS, Mapped
from include.sources.skeleton.fields import Field, is_number, time_form
from include.sources.yaml_lines import shown

# PostgreSQL's appendix C: words that no column can be named after without quotes.
_RESERVED = """
all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column
concurrently constraint create cross current_catalog current_date current_role current_schema current_time
current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from
full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime
localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references returning
right select session_user similar some symmetric system_user table tablesample then to trailing true union unique user
using variadic verbose when where window with
"""
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
# Names that the project's sqlfluff reads within quotes; all others are taken out of the record as texts are.
_QUOTED = re.compile(r"(?=.*[^a-z0-9_])[A-Za-z0-9_ .@#:/&+-]+")

_WIDTH = 116
_MOST_NAMED = 60
_IS_OBJECT = "case when json_typeof({0}) = 'object' then {0} end"


def staging_statement(feeds: Feeds, mapped: Sequence[Mapped], others: Sequence[Field]) -> str:
    """The statement that gives the columns of what was mapped.

    :param others: the fields that are of no use yet; they are named in a comment.
    """
    record = _Record([field for one in mapped for field in one.fields])
    columns = ["b.source_id", "b.version_at", "b.payload_hash", *(_column(one, record) for one in mapped)]
    select = indent(",\n".join(columns), "    ")
    head = f"-- one row per version of {_a(feeds)}"
    notes = _notes(feeds, mapped, others)
    return "\n".join([head, *notes, "select", select, "from batch as b", *record.joins()]) + ";\n"


class _Record:
    """Where the statement finds the fields of a record: taken apart once, as ``r`` and a name for each inner object."""

    def __init__(self, used: Sequence[Field]) -> None:
        self._scalars = {field.path[0] for field in used if len(field.path) == 1 and not field.in_lists}
        inner = Counter(field.path[0] for field in used if _is_inner(field))
        self._objects = {key: f"p{n}" for n, key in enumerate((k for k, c in inner.items() if c > 1), 1)}
        if len(self._objects) == 1:
            self._objects = dict.fromkeys(self._objects, "p")
        self._names: dict[str, dict[str, str]] = {}  # alias → name → type

    def text(self, field: Field) -> str:
        """An expression for the field's value, as text."""
        first, *others = field.path
        assert isinstance(first, str)
        if _is_inner(field) and first in self._objects:
            return self._member(self._objects[first], str(field.path[1]), "text")
        if field.in_lists:
            others.append(0)
        if not others:
            return self._member("r", first, "text") if _is_name(first) else f"b.payload ->> {_literal(first)}"
        start = self._json(first)
        steps = [str(key) if isinstance(key, int) else _literal(key) for key in others]
        return " ".join([start, *(f"-> {step}" for step in steps[:-1]), f"->> {steps[-1]}"])

    def list_of(self, field: Field) -> str:
        """An expression for a list at the record's first level, as json."""
        return self._json(str(field.path[0]))

    def joins(self) -> list[str]:
        """What takes the record apart, after the fields were asked for."""
        parts = [(alias, f"b.payload -> {_literal(str(key))}") for key, alias in self._objects.items()]
        joins = [(alias, _IS_OBJECT.format(path)) for alias, path in parts] + [("r", "b.payload")] * (
            "r" in self._names
        )
        return [_join(alias, of, self._names[alias], is_last=n == len(joins)) for n, (alias, of) in enumerate(joins, 1)]

    def _json(self, key: str) -> str:
        # a member that another column takes as text has that type
        is_free = _is_name(key) and key not in self._scalars
        return self._member("r", key, "json") if is_free else f"b.payload -> {_literal(key)}"

    def _member(self, alias: str, name: str, kind: str) -> str:
        quoted = name if _PLAIN.fullmatch(name) else f'"{name}"'
        self._names.setdefault(alias, {})[quoted] = kind
        return f"{alias}.{quoted}"


def _join(alias: str, of: str, names: dict[str, str], *, is_last: bool) -> str:
    columns = ",\n".join(f"{name} {kind}" for name, kind in names.items())
    call = f"json_to_record({of})" if of == "b.payload" else f"json_to_record(\n    {of}\n)"
    if is_last:
        return f"cross join lateral {call} as {alias} (\n{indent(columns, '    ')}\n)"
    return (
        f"cross join\n{indent(f'lateral {call}', '    ')}\n        as {alias} (\n{indent(columns, ' ' * 12)}\n        )"
    )


def _is_inner(field: Field) -> bool:
    """Whether it is a plain member of an object at the record's first level."""
    return len(field.path) == 2 and isinstance(field.path[1], str) and _is_name(field.path[1]) and not field.in_lists


def _is_name(key: str) -> bool:
    """Whether it can be a column's name in ``json_to_record``."""
    return bool(_PLAIN.fullmatch(key) and key not in _RESERVED.split()) or bool(_QUOTED.fullmatch(key))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _column(one: Mapped, record: _Record) -> str:
    if one.constant is not None:
        return f"{_literal(one.constant)} as {one.column}"
    expression = _expression(one, record)
    plain = expression.rpartition(".")[2]
    return expression if plain == one.column and expression.count(" ") == 0 else f"{expression} as {one.column}"


def _expression(one: Mapped, record: _Record) -> str:
    field, kind = one.fields[0], one.spec.kind
    if len(one.fields) > 1:
        parts = ", ' ', ".join(map(record.text, one.fields))
        return f"nullif(trim(concat({parts})), '')"
    if kind == "list" and field.in_lists and len(field.path) == 1:
        tags = _IS_ARRAY.format(record.list_of(field))
        return _LIST.format(tags)
    text = record.text(field)
    form = time_form(one.values)
    if kind == "time" and form in ("s", "ms"):
        seconds = f"{text}::numeric" + (" / 1000" if form == "ms" else "")
        return _WHERE_NUMBER.format(text, f"to_timestamp({seconds})::text")
    if kind == "flag" and form:
        return f"{text} is not null"
    if one.column == "probability" and any(is_number(value) and float(value) > 1 for value in one.values):
        return _WHERE_NUMBER.format(text, f"({text}::numeric / 100)::text")
    if one.spec.only and any(value not in one.spec.only for value in one.values) and not one.doubt:
        return f"lower({text})"
    return text


_WHERE_NUMBER = """case
    when ops.is_castable({0}, 'numeric') then {1}
    else {0}
end"""
_IS_ARRAY = "case when json_typeof({0}) = 'array' then {0} end"
_LIST = """(
    select string_agg(t.element, ',' order by t.no)
    from
        json_array_elements_text({})
        with ordinality as t (element, no)
)"""


def _notes(feeds: Feeds, mapped: Sequence[Mapped], others: Sequence[Field]) -> list[str]:
    filled = {one.column for one in mapped}
    empty = [name for name in COLUMNS[feeds] if name not in filled]
    notes = []
    if empty:
        notes += _comment(f"columns of staging.{feeds} that no field was found for: {', '.join(empty)}")
    if others:
        more = f", and {len(others) - _MOST_NAMED:,} more" if len(others) > _MOST_NAMED else ""
        names = ", ".join(shown(field.name) for field in others[:_MOST_NAMED])
        notes += _comment(f"fields that no column takes: {names}{more}")
    for one in mapped:
        if one.doubt:
            notes += _comment(f"to be looked at: {one.column}: {shown(one.fields[0].name)} {one.doubt}")
    return notes


def _comment(text: str) -> list[str]:
    return [f"-- {line}" for line in wrap(text, _WIDTH, break_on_hyphens=False)]


def _a(feeds: str) -> str:
    name = feeds.replace("_", " ")
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
