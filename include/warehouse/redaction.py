"""Redaction: records about something else, a deal or a ticket, are freed of a person and keep what figures need.

Which values of a record the figures need is not configured but found out: each is left out of a few records, and the
entity's own staging statement tells whether anything but the person's columns changes. So it holds for every source.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
from psycopg import sql

from include.settings import TIMEZONE
from include.warehouse.renamed import casts, renamed_columns
from include.warehouse.tables import EntityTables, staging_types

FORGOTTEN = "(forgotten)"
# so many records show whether a value is needed, and so many others are looked at beside the person's own
RECORDS_A_PATH = 8
OTHER_RECORDS = 50

Path = tuple[str, ...]


@dataclass(frozen=True)
class Personal:
    """The columns of a staging table that are a person's: ``keys`` name them, ``texts`` are theirs or about them."""

    keys: tuple[str, ...]
    texts: tuple[str, ...]
    is_named_by_email: bool = False


PERSONAL = {
    "deal": Personal(("customer_key",), ()),
    "ticket": Personal(("requester_key",), ("subject", "description")),
    "ticket_event": Personal(("author_key",), ("messages",)),
    "satisfaction": Personal(("customer_key",), ("comment",)),
    "activity": Personal(("customer_key",), ("subject",)),
    "order_line": Personal(("customer_email",), ("customer_name",), is_named_by_email=True),
}

# Rows that name the person, or are about a ticket of theirs; t is the row.
_KEY = "exists (select from person_key as k where k.source = {source} and k.value = t.{column})"
_TICKET = "exists (select from person_ticket as k where k.source = {source} and k.value = t.ticket_key)"
_AUTHOR = (
    "exists (select from person_key as k cross join lateral jsonb_array_elements(case when jsonb_typeof(t.messages)"
    " = 'array' then t.messages end) as m (message) where k.source = {source} and k.value = m.message ->> 'author')"
)
_EMAIL = "exists (select from person_email as k where k.value = lower(trim(t.customer_email)))"
LINKED = {
    "deal": _KEY.replace("{column}", "customer_key"),
    "ticket": _KEY.replace("{column}", "requester_key"),
    "ticket_event": " or ".join((_KEY.replace("{column}", "author_key"), _TICKET, _AUTHOR)),
    "satisfaction": " or ".join((_KEY.replace("{column}", "customer_key"), _TICKET)),
    "activity": _KEY.replace("{column}", "customer_key"),
    "order_line": _EMAIL,
}

# All of a row that is not the person's; of a message all but its text
_MESSAGES = sql.SQL(
    "jsonb_array_elements(case when jsonb_typeof(to_jsonb(messages)) = 'array' then to_jsonb(messages) end)"
)
_MESSAGE_FACTS = sql.SQL("(select jsonb_agg(m.message - 'body') from {} as m (message))").format(_MESSAGES)
_MESSAGE_AUTHORS = sql.SQL("(select jsonb_agg(m.message -> 'author') from {} as m (message))").format(_MESSAGES)


class Needles:
    """Values that tell a person, to be looked for in texts.

    :param own: e-mail addresses, telephone numbers and names that nobody else has.
    :param shared: those that others have, too: they tell the person only in what is about the person.
    """

    def __init__(self, own: Iterable[str] = (), shared: Iterable[str] = ()) -> None:
        self.own, self.shared = tuple(sorted(set(own))), tuple(sorted(set(shared)))
        self._own, self._all = _pattern(self.own), _pattern((*self.own, *self.shared))

    def scrub(self, text: str, *, is_about_person: bool = False) -> str:
        """The text with ``(forgotten)`` in the place of each value."""
        pattern = self._all if is_about_person else self._own
        return pattern.sub(FORGOTTEN, text) if pattern else text

    def mask(self, text: str) -> str:
        """The text with each value's place filled by stars, as long in bytes as before."""
        return self._own.sub(lambda found: "*" * len(found[0].encode()), text) if self._own else text

    @property
    def anywhere(self) -> str | None:
        """A regular expression of PostgreSQL that matches, in any case, wherever one of ``own`` may be, JSON or not."""
        ways = {way for value in self.own for way in (value, *json_ways(value))}
        return "|".join(map(re.escape, sorted(ways))) or None


def json_ways(value: str) -> tuple[str, str]:
    """A text as it is within JSON: in ASCII alone, and not."""
    return json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]


def _pattern(values: Sequence[str]) -> re.Pattern[str] | None:
    # the longest first, so that none leaves a rest of another
    ways = [_bounded(value) for value in sorted(values, key=lambda value: (-len(value), value)) if value]
    return re.compile("|".join(ways), re.IGNORECASE) if ways else None


def _bounded(value: str) -> str:
    """A value not within a longer word; in writing without spaces there is nothing to tell that by."""
    before = r"(?<![\w.+-])" if "@" in value else r"(?<!\w)"
    after = r"(?!\w|[.-]\w)" if "@" in value else r"(?!\w)"
    return (before if value[0].isascii() else "") + re.escape(value) + (after if value[-1].isascii() else "")


class _Number(str):
    """A number of a JSON text, as it is written there."""


def parse(text: str) -> Any:
    """A JSON text's value; numbers stay as they are written."""
    return json.loads(text, parse_float=_Number, parse_int=_Number)


def to_text(value: Any) -> str:
    """The JSON text of what `parse` gave."""
    return orjson.dumps(
        value, default=lambda number: orjson.Fragment(str(number)), option=orjson.OPT_PASSTHROUGH_SUBCLASS
    ).decode()


def rewrite(value: Any, decide: Callable[[Path, Any], Any], path: Path = ()) -> Any:
    """A JSON value with every value in it that is no object or list decided anew; places in lists are all ``*``."""
    if isinstance(value, dict):
        return {key: rewrite(item, decide, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [rewrite(item, decide, (*path, "*")) for item in value]
    return decide(path, value)


def leaves(value: Any) -> list[tuple[Path, Any]]:
    """Every value within a JSON value that is no object or list, with its path."""
    found: list[tuple[Path, Any]] = []

    def note(path: Path, leaf: Any) -> None:
        found.append((path, leaf))

    rewrite(value, note)
    return found


def _without(value: Any, left_out: Path | None) -> Any:
    return rewrite(value, lambda path, leaf: None if path == left_out else leaf)


def find_linked(connection: psycopg.Connection, tables: EntityTables, target: sql.Identifier) -> int:
    """Make the temporary table ``linked`` (source_id, version_at, payload_hash) of rows that name the person.

    Reads person_key and person_ticket (source, value) and person_email (value).

    :param target: the staging table, or a batch of the same shape.
    """
    condition = LINKED.get(tables.feeds, "false").replace("{source}", "{0}")
    count = connection.execute(
        sql.SQL(
            "create temp table linked on commit drop as"
            " select t.source_id, t.version_at, t.payload_hash from {target} as t where "
        ).format(target=target)
        + sql.SQL(condition).format(sql.Literal(tables.source))
    ).rowcount
    connection.execute("analyze linked")
    return count


@dataclass(frozen=True)
class Redacted:
    """How many rows of raw were changed, how many typed rows, and of which records."""

    in_raw: int
    typed: int
    source_ids: tuple[str, ...]


@dataclass(frozen=True)
class _Redaction:
    """How records of an entity are freed of a person: which paths figures need, which name somebody, and by what."""

    facts: set[Path]
    places: set[Path]
    names: set[str]
    is_named_by_email: bool
    needles: Needles

    def freed(self, text: str, source_id: str, *, is_linked: bool, is_whole: bool, is_staged: bool) -> str | None:
        """The JSON text without the person, or None when nothing of them is in it.

        :param is_whole: whether a parser sees all of the text.
        """
        record = parse(text)
        if is_linked or (not is_staged and self._is_named_in(record)):
            told = rewrite(record, lambda path, value: self._keep_facts(path, value, source_id))
        else:
            told = rewrite(record, self._drop_mentions)
        if told == record:
            return None
        return to_text(told) if is_whole else "{}"

    def _is_name(self, path: Path, value: Any) -> bool:
        if path not in self.places or not isinstance(value, str):
            return False
        return (value.strip().lower() if self.is_named_by_email else value) in self.names

    def _is_named_in(self, record: Any) -> bool:
        return any(self._is_name(path, value) for path, value in leaves(record))

    def _drop_mentions(self, path: Path, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if self._is_name(path, value):
            return None if self.is_named_by_email else FORGOTTEN
        freed = self.needles.scrub(value)
        return value if freed == value else freed

    def _keep_facts(self, path: Path, value: Any, own_id: str) -> Any:
        if not isinstance(value, str):
            return value
        if self._is_name(path, value):
            return None if self.is_named_by_email else FORGOTTEN
        freed = self.needles.scrub(value, is_about_person=True)
        if path in self.facts:
            return value if freed == value or isinstance(value, _Number) else freed
        is_theirs = value in self.names or freed != value
        is_nobodys = isinstance(value, _Number) or value == own_id or path in self.places
        return value if is_nobodys and not is_theirs and not self.is_named_by_email else None


def redact(connection: psycopg.Connection, tables: EntityTables, target: sql.Identifier, needles: Needles) -> Redacted:
    """Free the rows in ``linked`` of the person, and other rows of the entity of their mention.

    What is about the person keeps what figures need, and the rest goes; other rows keep all but the mention. The
    payload in raw is changed first, its hash stays; then the staging statement tells the typed row of it.

    :param target: the staging table, or a batch of the same shape.
    """
    personal = PERSONAL.get(tables.feeds)
    by_email = personal is not None and personal.is_named_by_email
    facts, places = _classify(connection, tables, list(_sample(connection, tables, target)))
    names = "select value from person_email" if by_email else "select value from person_key where source = %s"
    redaction = _Redaction(
        facts,
        places,
        {row[0] for row in connection.execute(names.encode(), None if by_email else [tables.source])},
        by_email,
        needles,
    )
    connection.execute(
        "create temp table redacted (source_id text, version_at timestamptz, payload_hash uuid, payload text)"
        " on commit drop"
    )
    changed = []
    for *key, text, is_linked, is_whole, is_staged in _candidates(connection, tables, target, redaction):
        freed = redaction.freed(text, key[0], is_linked=is_linked, is_whole=is_whole, is_staged=is_staged)
        if freed is not None:
            changed.append((*key, freed))
    with connection.cursor().copy("copy redacted from stdin") as copy:
        for row in changed:
            copy.write_row(row)
    in_raw = connection.execute(
        sql.SQL(
            "update {} as r set payload = d.payload::json from redacted as d where r.source_id = d.source_id"
            " and r.version_at = d.version_at and r.payload_hash = d.payload_hash"
        ).format(tables.raw)
    ).rowcount
    typed = _type_again(connection, tables, target) if changed else 0
    connection.execute("drop table redacted")
    return Redacted(in_raw, typed, tuple(sorted({row[0] for row in changed})))


def _candidates(
    connection: psycopg.Connection, tables: EntityTables, target: sql.Identifier, redaction: _Redaction
) -> Iterator[tuple[Any, ...]]:
    """Rows of raw that are linked, or may mention the person: key, payload, linked, whole to a parser, typed."""
    ways = [redaction.needles.anywhere] if redaction.needles.anywhere else []
    if ways and redaction.names and redaction.places:
        ways.append(f'[:," \\[]({"|".join(map(re.escape, sorted(redaction.names)))})[," \\]}}]')
    condition = sql.SQL("r.payload::text ~* {}").format("|".join(ways)) if ways else sql.SQL("false")
    statement = sql.SQL(
        "select r.source_id, r.version_at, r.payload_hash, r.payload::text, l.source_id is not null, r.defects is null,"
        " exists (select from {} as t where t.source_id = r.source_id and t.version_at = r.version_at"
        " and t.payload_hash = r.payload_hash) from {} as r"
        " left join linked as l on r.source_id = l.source_id and r.version_at = l.version_at"
        " and r.payload_hash = l.payload_hash where l.source_id is not null or {}"
    ).format(target, tables.raw, condition)
    with connection.cursor("candidates") as cursor:
        cursor.execute(statement)
        yield from cursor


def _sample(connection: psycopg.Connection, tables: EntityTables, target: sql.Identifier) -> Iterator[tuple[str, Any]]:
    """Records by which values are judged, as (source_id, payload): the linked ones, and some others."""
    statement = sql.SQL(
        "select r.source_id, r.payload::text from {raw} as r inner join ("
        "(select * from linked) union all (select source_id, version_at, payload_hash from {target} limit {others})"
        ") as l using (source_id, version_at, payload_hash) where r.defects is null"
    ).format(raw=tables.raw, target=target, others=OTHER_RECORDS)
    with connection.cursor("sample") as cursor:
        cursor.execute(statement)
        for source_id, text in cursor:
            yield source_id, parse(text)


def _classify(
    connection: psycopg.Connection, tables: EntityTables, records: Sequence[tuple[str, Any]]
) -> tuple[set[Path], set[Path]]:
    """The paths of an entity's records that figures need, and those that name a person."""
    personal = PERSONAL.get(tables.feeds)
    if personal is None or not records:
        return set(), set()
    found: Counter[Path] = Counter()
    trials: dict[Path, list[int]] = {}
    for number, (_, record) in enumerate(records):
        for path in {path for path, value in leaves(record) if value is not None}:
            if found[path] < RECORDS_A_PATH:
                found[path] += 1
                trials.setdefault(path, []).append(number)
    facts: set[Path] = set()
    places: set[Path] = set()
    waiting = [sorted(trials)]
    while waiting:
        paths = waiting.pop()
        try:
            with connection.transaction():
                told = _try_without(connection, tables, personal, records, {path: trials[path] for path in paths})
        except psycopg.DataError:
            if len(paths) == 1:
                facts.add(paths[0])  # without it the statement does not run at all
            else:
                waiting += [paths[: len(paths) // 2], paths[len(paths) // 2 :]]
            continue
        facts |= told[0]
        places |= told[1]
    return facts, places


def _try_without(
    connection: psycopg.Connection,
    tables: EntityTables,
    personal: Personal,
    records: Sequence[tuple[str, Any]],
    trials: dict[Path, list[int]],
) -> tuple[set[Path], set[Path]]:
    """Type records without each path; the paths whose absence changes facts, and those that change who is named."""
    connection.execute("drop view if exists pg_temp.renamed; drop view if exists pg_temp.batch")
    connection.execute("drop table if exists pg_temp.attempt")
    connection.execute(
        "create temp table attempt (source_id text, version_at timestamptz, payload_hash uuid, payload json)"
    )
    without: list[tuple[Path | None, int]] = [(None, n) for n in sorted({n for ns in trials.values() for n in ns})]
    without += [(path, n) for path, ns in trials.items() for n in ns]
    with connection.cursor().copy("copy attempt from stdin") as copy:
        for number, (left_out, n) in enumerate(without):
            source_id, record = records[n]
            attempt = to_text(_without(record, left_out))
            copy.write_row((source_id, "2000-01-01T00:00:00Z", _uuid(number), attempt))
    connection.execute("create temp view batch as select * from attempt")
    types = staging_types(connection, tables.feeds)
    columns = renamed_columns(connection, tables, types)
    _in_business_time(connection)
    is_event = "messages" in personal.texts
    own = {"source_id", "version_at", "payload_hash", *personal.texts, *(() if is_event else personal.keys)}
    fact_columns: list[sql.Composable] = [
        sql.SQL("{}::text").format(sql.Identifier(c)) for c in columns if c not in own
    ]
    key_columns: list[sql.Composable] = [
        sql.SQL("{}::text").format(sql.Identifier(c)) for c in columns if c in personal.keys
    ]
    if is_event and "messages" in columns:
        fact_columns.append(_MESSAGE_FACTS)
        key_columns.append(_MESSAGE_AUTHORS)
    told = {
        row[0]: (row[1], row[2])
        for row in connection.execute(
            sql.SQL("select payload_hash::text, row({})::text, row({})::text from renamed").format(
                sql.SQL(", ").join(fact_columns), sql.SQL(", ").join(key_columns or [sql.SQL("null")])
            )
        )
    }
    connection.execute("drop view renamed; drop view batch; drop table attempt")
    whole = {n: told.get(_uuid(number)) for number, (path, n) in enumerate(without) if path is None}
    facts: set[Path] = set()
    places: set[Path] = set()
    for number, (path, n) in enumerate(without):
        if path is None:
            continue
        before, after = whole[n], told.get(_uuid(number))
        if before is None or after is None or before[0] != after[0]:
            facts.add(path)
        if before and after and before[1] != after[1]:
            places.add(path)
    return facts, places


def _uuid(number: int) -> str:
    text = hashlib.sha256(b"%d" % number).hexdigest()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"


def _in_business_time(connection: psycopg.Connection) -> None:
    # as in staging, a date or time without a zone is one of the business's own
    connection.execute("select set_config('timezone', %s, true)", [TIMEZONE.key])


def _type_again(connection: psycopg.Connection, tables: EntityTables, target: sql.Identifier) -> int:
    """Make the typed rows of ``redacted`` anew out of raw, those of them that the target has."""
    connection.execute("drop view if exists pg_temp.renamed; drop view if exists pg_temp.batch")
    connection.execute(
        sql.SQL(
            "create temp view batch as select r.source_id, r.version_at, r.payload_hash, r.payload from {raw} as r"
            " inner join redacted as d using (source_id, version_at, payload_hash)"
            " inner join {target} as t using (source_id, version_at, payload_hash) where r.defects is null"
        ).format(raw=tables.raw, target=target)
    )
    types = staging_types(connection, tables.feeds)
    columns = renamed_columns(connection, tables, types)
    _in_business_time(connection)
    connection.execute(
        sql.SQL("create temp table typed_again on commit drop as select {} from renamed").format(casts(types, columns))
    )
    names = [name for name in types if name not in ("source_id", "version_at", "payload_hash", "is_deleted")]
    count = connection.execute(
        sql.SQL(
            "update {target} as t set {values} from typed_again as n where t.source_id = n.source_id"
            " and t.version_at = n.version_at and t.payload_hash = n.payload_hash and ({own}) is distinct from ({new})"
        ).format(
            target=target,
            own=sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name in names),
            new=sql.SQL(", ").join(sql.SQL("n.{}").format(sql.Identifier(name)) for name in names),
            values=sql.SQL(", ").join(sql.SQL("{0} = n.{0}").format(sql.Identifier(name)) for name in names),
        )
    ).rowcount
    connection.execute("drop view renamed; drop view batch; drop table typed_again")
    return count
