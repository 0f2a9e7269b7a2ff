"""What one sample tells of an entity, whatever kind of source it comes from, and the files made of that."""

from collections.abc import Sequence
from typing import get_args

import yaml
from pydantic import ValidationError

from include.sources.config import Feeds, Source
from include.sources.config.auth import Auth
from include.sources.connection import add_command
from include.sources.errors import SkeletonError
from include.sources.skeleton.address import as_name
from include.sources.skeleton.columns import NEEDED, Mapped, feeds_of, map_columns
from include.sources.skeleton.fields import LOOKED_AT, Field, fields_of
from include.sources.skeleton.model import Asked, Skeleton
from include.sources.skeleton.shape import Key, Version, find_key, find_version
from include.sources.skeleton.statement import staging_statement
from include.sources.skeleton.suite import suite
from include.sources.yaml_lines import Line, as_yaml, on_one_line, shown

# PostgreSQL keeps 63 bytes of a table's name, and the longest prefix of ours has 15.
_LONGEST_NAME = 48
_SCHEDULE = "0 2 * * *"
_FORMS = {"iso": "ISO 8601", "day": "a day", "s": "Unix seconds", "ms": "Unix milliseconds"}


def entity_of(asked: Asked, guess: str) -> tuple[str, Feeds]:
    """The entity's name, and the staging table that it feeds.

    :param guess: the name that the sample's place tells.
    :raises SkeletonError: when a name is none, or no table is told.
    """
    for what, name in (("NAME", asked.name), ("--entity", asked.entity)):
        if name is not None and name != as_name(name):
            raise SkeletonError(f"{what}: {name!r}: expected small letters, digits and _, starting with a letter.")
    entity = asked.entity or guess
    feeds = asked.feeds or feeds_of(entity)
    if feeds not in get_args(Feeds):
        said = f"{feeds!r} is none" if feeds else f"the name {entity} does not tell"
        raise SkeletonError(f"--feeds: which staging table? {said}. There are {', '.join(get_args(Feeds))}.")
    return entity, feeds  # type: ignore[return-value]


class Found:
    """What one sample tells of an entity.

    :param key: the key, where it is known; None where the records are to tell.
    :raises SkeletonError: when none of its fields can be the key.
    """

    def __init__(self, entity: str, feeds: Feeds, rows: Sequence[dict], key: Key | None = None) -> None:
        self.entity, self.feeds, self.rows = entity, feeds, rows[:LOOKED_AT]
        self.fields: list[Field] = fields_of(self.rows)
        self.mapped: list[Mapped] = map_columns(feeds, self.fields, entity)
        self.took: list[str] = []
        self.look: list[str] = []
        self.key = key or self._find_key()
        self.version: Version | None = find_version(self.rows, self.fields, feeds)
        self._head = self._told_head()

    def _find_key(self) -> Key:
        lines = [one for one in self.mapped if one.column in ("order_key", "line_no") and one.fields]
        if self.feeds == "order_line" and len(lines) == 2 and all(one.fields[0].is_reached(self.rows) for one in lines):
            return Key(tuple(one.fields[0].name for one in lines), "order and line, as core joins them")
        key = find_key(self.rows, self.fields, self.entity)
        if key is None:
            raise SkeletonError(
                "No field is in every record of the sample, so none can be the key: give another sample."
            )
        return key

    def _told_head(self) -> tuple[Line, ...]:
        """The keys of the entity that every kind of source has."""
        key, version = self.key, self.version
        self.took.append(f"feeds: {self.feeds}")
        self.tell(f"id: {', '.join(key.paths)}, {key.why}", is_sure=key.is_sure)
        if version:
            self.took.append(f"version_at: {version.path}, {_FORMS[version.form]}")
            comment = f"guessed: by its name, and {_FORMS[version.form]} in every record that has it"
        else:
            self.look.append("version_at: null, as no field has a usual name of a time of change")
            comment = "guessed: no field has a usual name of a time of change; a record that has none may stay so"
        return (
            Line("feeds", self.feeds),
            Line(
                "id",
                key.paths[0] if len(key.paths) == 1 else key.paths,
                key.why if key.is_known else f"guessed: {key.why}",
            ),
            Line("version_at", version.path if version else None, comment),
        )

    @property
    def others(self) -> list[Field]:
        """The fields that nothing is made of."""
        used = [field for one in self.mapped for field in one.fields]
        names = (*self.key.paths, self.version.path if self.version else None)
        return [field for field in self.fields if field not in used and field.name not in names]

    def _tell_columns(self) -> None:
        """What a person should know of the staging statement."""
        filled = {one.column for one in self.mapped}
        for column in NEEDED[self.feeds]:
            if column not in filled:
                self.look.append(f"{column}: no field was found for it, and core needs it: its rule stops every record")
        for one in self.mapped:
            if one.constant:
                self.took.append(f"{one.column}: {one.constant} for every record")
            if one.doubt:
                self.look.append(f"{one.column}: {shown(one.fields[0].name)} {one.doubt}")

    def tell(self, text: str, *, is_sure: bool) -> None:
        """Note what was taken; what is not sure a person has to look at."""
        (self.took if is_sure else self.look).append(text)

    def skeleton(
        self, asked: Asked, kind: str, lines: tuple[Line, ...], place: str, *, auth: Auth | None = None, host: str = ""
    ) -> Skeleton:
        """The files of the entity.

        :param lines: of the entity, as its kind of source has them.
        :param place: where it comes from, for people.
        :param host: of the connection.
        :raises SkeletonError: when they could not be read again.
        """
        table = f"{asked.name}__{self.entity}"
        if len(table) > _LONGEST_NAME:
            raise SkeletonError(f"{table}: names of source and entity may have {_LONGEST_NAME} characters together.")
        entity = (Line(self.entity, inner=(*self._head, *lines)),)
        head = [
            Line(
                "", comment="Made by ./crm source new of one sample: what it guessed says so. Read it, then check it."
            ),
            Line("name", asked.name),
            Line("description", f"{self.entity.replace('_', ' ').capitalize()} of {on_one_line(place)}.", "fill in"),
            Line("kind", kind),
            Line("connection", asked.connection, f"its host is {host}" if host else ""),
            Line("enabled", False, f"true when ./crm source check {asked.name} finds nothing wrong"),
            Line("schedule", _SCHEDULE),
        ]
        if auth:
            head.append(Line("auth", auth.model_dump(exclude_none=True), "guessed"))
            budget = "budget: {requests: 100, seconds: 10} # fill in: what the source allows, if it says so"
            head.append(Line("", comment=budget))
        definition = as_yaml((*head, Line("entities", inner=entity)))
        try:
            Source.model_validate(yaml.safe_load(definition))
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(map(str, problem["loc"]))
            raise SkeletonError(f"It cannot be written as YAML: {where}: {problem['msg']}.") from None
        self._tell_columns()
        return Skeleton(
            asked.name,
            self.entity,
            kind,
            definition,
            as_yaml(entity, depth=1),
            staging_statement(self.feeds, self.mapped, self.others),
            suite(table, self.feeds, self.mapped, len(self.rows)),
            add_command(asked.connection, kind, auth.kind if auth else "none", host),
            tuple(self.took),
            tuple(self.look),
        )
