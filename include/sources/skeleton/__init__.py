"""A first definition, staging statement and suite of a source, made of one sample of it: ``./crm source new``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import ValidationError

from include.settings import PROJECT
from include.sources.config import Feeds, Source, load_source
from include.sources.config.auth import Auth, BasicAuth, BearerAuth, HeaderAuth, NoAuth, QueryAuth
from include.sources.connection import SourceConnection, add_command
from include.sources.errors import LoginRefusedError
from include.sources.skeleton.address import Address, as_name, parse_address
from include.sources.skeleton.columns import NEEDED, Mapped, feeds_of, map_columns
from include.sources.skeleton.definition import Line, as_yaml
from include.sources.skeleton.errors import SkeletonError
from include.sources.skeleton.fields import LOOKED_AT, Field, fields_of, shown
from include.sources.skeleton.paging import guess_bounds, guess_paging, placeholder
from include.sources.skeleton.sample import Sample, fetch_sample, parse_sample
from include.sources.skeleton.shape import Key, Version, find_key, find_records, find_version
from include.sources.skeleton.statement import staging_statement
from include.sources.skeleton.suite import suite

__all__ = ["Asked", "Skeleton", "SkeletonError", "Written", "rest_skeleton", "write"]

# PostgreSQL keeps 63 bytes of a table's name, and the longest prefix of ours has 15.
_LONGEST_NAME = 48
_SCHEDULE = "0 2 * * *"


@dataclass(frozen=True)
class Asked:
    """What the person said of the source to be; None where the sample is to tell."""

    name: str
    connection: str
    entity: str | None = None
    feeds: str | None = None
    auth: str | None = None


@dataclass(frozen=True)
class Skeleton:
    """The three files of an entity, and what was guessed.

    :param definition: the YAML of the whole source.
    :param add_connection: the command that makes its connection.
    :param block: that of the entity alone, for a source that is there already.
    :param took: what was taken for what, and why.
    :param look: what a person has to look at, or fill in.
    """

    name: str
    entity: str
    kind: str
    definition: str
    block: str
    statement: str
    suite: str
    add_connection: str
    took: tuple[str, ...]
    look: tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """The files that were written; ``block`` is what a person has to paste into the definition, when it was there."""

    files: tuple[Path, ...]
    block: str = ""


def rest_skeleton(asked: Asked, url: str, sample: bytes | None, connection: SourceConnection | None) -> Skeleton:
    """The skeleton of a source behind an HTTP API.

    :param url: address of a list of records; parameters of its query go into the request, but for secrets.
    :param sample: an answer; None asks the API for one.
    :param connection: Airflow's of that name, if there is one.
    :raises SkeletonError: when no skeleton can be made of it.
    :raises ReadFailedError: when the API gives no answer.
    """
    address = parse_address(url, connection)
    auth = _auth(asked.auth, connection, address)
    entity, feeds = _entity(asked, address.entity)
    if sample is None:
        password = next(iter(address.secrets.values()), "")
        opened = connection or SourceConnection(address.base, password=password)
        try:
            answer = fetch_sample(address, opened, auth, asked.connection)
        except LoginRefusedError as error:
            if connection:
                raise
            command = add_command(asked.connection, "rest", auth.kind, address.base)
            raise SkeletonError(f"{error.location}: {error.what}. Make its connection first: {command}") from None
    else:
        answer = parse_sample(sample, "--sample")
    records = find_records(answer.answer, entity)
    if records is None:
        raise SkeletonError("The sample has no list of records. Give one of a day that has some, or another address.")
    rows = records.rows[:LOOKED_AT]
    found = _Found(entity, feeds, rows)
    others = f"; further lists are at {', '.join(map(shown, records.others))}" if records.others else ""
    where = f"at {records.path}" if records.path else "the answer itself"
    found.took.append(f"records: {where}, {len(records.rows):,} in the sample{others}")
    lines = _rest_lines(found, address, answer, records.path, len(records.rows))
    if not isinstance(auth, NoAuth) or connection:
        found.took.append(f"auth: {auth.kind}")
    else:
        found.look.append("auth: none, as there is no connection yet: say how the password goes along, if there is one")
    return _skeleton(asked, "rest", found, lines, f"{_title(entity)} of {address.host}.", auth, address.base)


class _Found:
    """What one sample tells of an entity, whatever kind of source it comes from."""

    def __init__(self, entity: str, feeds: Feeds, rows: Sequence[dict]) -> None:
        self.entity, self.feeds, self.rows = entity, feeds, rows
        self.fields: list[Field] = fields_of(rows)
        self.mapped: list[Mapped] = map_columns(feeds, self.fields, entity)
        self.took: list[str] = []
        self.look: list[str] = []
        self.key: Key = self._key()
        self.version: Version | None = find_version(rows, self.fields, feeds)

    def _key(self) -> Key:
        lines = [one for one in self.mapped if one.column in ("order_key", "line_no") and one.fields]
        if self.feeds == "order_line" and len(lines) == 2 and all(one.fields[0].is_reached(self.rows) for one in lines):
            return Key(tuple(one.fields[0].name for one in lines), "order and line, as core joins them")
        key = find_key(self.rows, self.fields, self.entity)
        if key is None:
            raise SkeletonError(
                "No field is in every record of the sample, so none can be the key: give another sample."
            )
        return key

    def head(self) -> tuple[Line, ...]:
        """The keys of the entity that every kind of source has."""
        key, version = self.key, self.version
        self.took.append(f"feeds: {self.feeds}")
        self._tell(f"id: {', '.join(key.paths)}, {key.why}", is_sure=key.is_sure)
        if version:
            self.took.append(f"version_at: {version.path}, {_FORMS[version.form]}")
            comment = f"guessed: by its name, and {_FORMS[version.form]} in every record that has it"
        else:
            self.look.append("version_at: null, as no field has a usual name of a time of change")
            comment = "guessed: no field has a usual name of a time of change; a record that has none may stay so"
        return (
            Line("feeds", self.feeds),
            Line("id", key.paths[0] if len(key.paths) == 1 else key.paths, f"guessed: {key.why}"),
            Line("version_at", version.path if version else None, comment),
        )

    @property
    def others(self) -> list[Field]:
        """The fields that nothing is made of."""
        used = [field for one in self.mapped for field in one.fields]
        names = (*self.key.paths, self.version.path if self.version else None)
        return [field for field in self.fields if field not in used and field.name not in names]

    def tell_columns(self) -> None:
        """What a person should know of the staging statement."""
        filled = {one.column for one in self.mapped}
        for column in NEEDED[self.feeds]:
            if column not in filled:
                self.look.append(f"{column}: no field was found for it, and core needs it: its rule stops every record")
        for one in self.mapped:
            if one.doubt:
                self.look.append(f"{one.column}: {shown(one.fields[0].name)} {one.doubt}")

    def _tell(self, text: str, *, is_sure: bool) -> None:
        (self.took if is_sure else self.look).append(text)


_FORMS = {"iso": "ISO 8601", "day": "a day", "s": "Unix seconds", "ms": "Unix milliseconds"}


def _rest_lines(found: _Found, address: Address, answer: Sample, path: str, count: int) -> tuple[Line, ...]:
    """The lines of an entity that is read from an API."""
    head = found.head()
    envelope = _without(answer.answer, path)
    paging = guess_paging(envelope, answer.headers, address.params, count)
    params = {name: value for name, value in address.params.items() if name not in paging.dropped}
    bounds = guess_bounds(params, found.version)
    (found.took if paging.is_sure else found.look).append(f"paging: {paging.values['kind']}: {paging.why}")
    (found.took if bounds.is_asked_by_time else found.look).append(f"window: {bounds.why}")
    request = [Line("path", address.path)]
    if bounds.params:
        request.append(Line("params", bounds.params))
    form = found.version.form if found.version else None
    ask = f"{placeholder('start', form)} and {placeholder('end', form)}"
    beside = [Line(key, value, f"guessed: {bounds.why}") for key, value in bounds.beside.items()]
    hint = (
        []
        if bounds.is_asked_by_time
        else [Line("", comment=f"fill in: ask by time, if it can be, with {ask} in params")]
    )
    rest = (
        Line("request", inner=(*hint, *request)),
        Line("records", path, "guessed"),
        Line("paging", paging.values, f"guessed: {paging.why}"),
        *beside,
    )
    return (*head, Line("rest", inner=rest))


def _without(answer: Any, path: str) -> Any:
    """The answer without the list at a path."""
    if not path or not isinstance(answer, dict):
        return {}
    key, _, rest = path.partition(".")
    inner = _without(answer[key], rest) if rest else {}
    return {**{name: value for name, value in answer.items() if name != key}, **({key: inner} if inner else {})}


def _skeleton(
    asked: Asked, kind: str, found: _Found, lines: tuple[Line, ...], description: str, auth: Auth, host: str
) -> Skeleton:
    table = f"{asked.name}__{found.entity}"
    if len(table) > _LONGEST_NAME:
        raise SkeletonError(f"{table}: names of source and entity may have {_LONGEST_NAME} characters together.")
    entity = (Line(found.entity, inner=lines),)
    given = auth.model_dump(exclude_none=True)
    head = [
        Line("", comment="Made by ./crm source new of one sample: what it guessed says so. Read it, then check it."),
        Line("name", asked.name),
        Line("description", description, "fill in"),
        Line("kind", kind),
        Line("connection", asked.connection, f"its host is {host}" if host else 'its extra is {"path": "the folder"}'),
        Line("enabled", False, f"true when ./crm source check {asked.name} finds nothing wrong"),
        Line("schedule", _SCHEDULE),
    ]
    if kind == "rest":
        head.append(Line("auth", given, "guessed"))
        head.append(
            Line("", comment="budget: {requests: 100, seconds: 10} # fill in: what the source allows, if it says so")
        )
    definition = as_yaml((*head, Line("entities", inner=entity)))
    try:
        Source.model_validate(yaml.safe_load(definition))
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"]))
        raise SkeletonError(
            f"The address or the sample cannot be written as YAML: {where}: {problem['msg']}."
        ) from None
    found.tell_columns()
    return Skeleton(
        asked.name,
        found.entity,
        kind,
        definition,
        as_yaml(entity, depth=1),
        staging_statement(found.feeds, found.entity, found.mapped, found.others),
        suite(table, found.feeds, found.mapped, len(found.rows)),
        add_command(asked.connection, kind, auth.kind, host),
        tuple(found.took),
        tuple(found.look),
    )


def _entity(asked: Asked, guess: str) -> tuple[str, Feeds]:
    for what, name in (("NAME", asked.name), ("--entity", asked.entity)):
        if name is not None and name != as_name(name):
            raise SkeletonError(f"{what}: {name!r}: expected small letters, digits and _, starting with a letter.")
    entity = asked.entity or guess
    feeds = asked.feeds or feeds_of(entity)
    if feeds not in get_args(Feeds):
        said = f"{feeds!r} is none" if feeds else f"the name {entity} does not tell"
        raise SkeletonError(f"--feeds: which staging table? {said}. There are {', '.join(get_args(Feeds))}.")
    return entity, feeds  # type: ignore[return-value]


def _auth(asked: str | None, connection: SourceConnection | None, address: Address) -> Auth:
    kinds: dict[str, Auth] = {
        "none": NoAuth(),
        "bearer": BearerAuth(kind="bearer"),
        "basic": BasicAuth(kind="basic"),
    }
    if asked is None:
        if address.secrets:
            return QueryAuth(kind="query", name=next(iter(address.secrets)))
        if connection is None or not connection.password:
            return kinds["none"]
        return kinds["basic" if connection.login else "bearer"]
    kind, _, name = asked.partition(":")
    try:
        if kind in ("header", "query"):
            return HeaderAuth(kind="header", name=name) if kind == "header" else QueryAuth(kind="query", name=name)
        if not name:
            return kinds[kind]
    except (KeyError, ValidationError):
        pass
    raise SkeletonError(
        f"--auth: {asked!r} is none of none, bearer, basic, header:NAME and query:NAME. "
        "Leave it out for the others, and write auth: into the YAML."
    )


def _title(entity: str) -> str:
    return entity.replace("_", " ").capitalize()


def write(skeleton: Skeleton, root: Path = PROJECT) -> Written:
    """Write the three files; a source that is there already keeps its definition.

    :param root: the project's folder.
    :raises SkeletonError: when any of them is there already: then nothing is written.
    """
    table = f"{skeleton.name}__{skeleton.entity}"
    definition = root / "include" / "config" / "sources" / f"{skeleton.name}.yaml"
    files = {
        root / "sql" / "staging" / f"{table}.sql": skeleton.statement,
        root / "expectations" / f"{table}.json": skeleton.suite,
    }
    block = ""
    if definition.exists():
        there = load_source(skeleton.name, definition.parent)
        if skeleton.entity in there.entities or there.kind != skeleton.kind:
            what = f"has {skeleton.entity} already" if skeleton.entity in there.entities else f"is of kind {there.kind}"
            raise SkeletonError(f"{definition.relative_to(root)} {what}. Nothing was written: choose another name.")
        block = skeleton.block
    else:
        files = {definition: skeleton.definition, **files}
    if taken := [path for path in files if path.exists()]:
        names = ", ".join(str(path.relative_to(root)) for path in taken)
        raise SkeletonError(f"{names} is there already. Nothing was written: move it away, or choose another name.")
    for path, text in files.items():
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    return Written(tuple(files), block)
