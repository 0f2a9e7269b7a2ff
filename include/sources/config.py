"""The sources as `include/config/sources/*.yaml` describes them, checked when read."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from croniter import croniter
from pydantic import Field, field_validator, model_validator

from include.config_files import ConfigError, StrictModel, read_config
from include.settings import CONFIG

FOLDER = CONFIG / "sources"

Feeds = Literal[
    "customer",
    "company",
    "rep",
    "product",
    "pipeline_stage",
    "deal",
    "ticket",
    "ticket_event",
    "satisfaction",
    "activity",
    "order_line",
]
DAILY = re.compile(r"\d+\s+\d+\s+\*\s+\*\s+\*")
PLACEHOLDER = re.compile(r"\{([a-z_.]+)\}")
WINDOW_PLACEHOLDERS = frozenset(
    f"window_{end}_{form}" for end in ("start", "end") for form in ("ms", "s", "iso", "day")
)
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
_Target = Annotated[str, Field(pattern=r"^(params|body)\..+")]


class Auth(StrictModel):
    """How the connection's password goes with each request; ``name`` is the header's, for kind header."""

    kind: Literal["bearer", "basic", "header", "none"] = "none"
    name: str | None = None

    @model_validator(mode="after")
    def _header_has_a_name(self) -> "Auth":
        if (self.kind == "header") != (self.name is not None):
            raise ValueError("name: the header's name goes with kind header, and only with it")
        return self


class Request(StrictModel):
    """One request; strings may hold placeholders like ``{window_start_ms}`` (see `WINDOW_PLACEHOLDERS`).

    A string that is nothing but one placeholder takes the value's own type.
    """

    method: Literal["GET", "POST"] = "GET"
    path: Annotated[str, Field(pattern=r"^/")]
    params: dict[str, Any] = Field(default_factory=dict)
    body: dict[str, Any] | None = None

    def placeholders(self) -> set[str]:
        """The names in braces, anywhere in the request."""
        return {name for text in _strings([self.path, self.params, self.body]) for name in PLACEHOLDER.findall(text)}


class NoPaging(StrictModel):
    """The first answer is all there is."""

    kind: Literal["none"] = "none"


class _Paging(StrictModel):
    # dotted paths in the answer: another page follows only while `more` is true; none follows once `end` is
    more: str | None = None
    end: str | None = None


class CursorPaging(_Paging):
    """The answer's ``next`` goes ``into`` the next request (``body.after``, ``params.cursor``)."""

    kind: Literal["cursor"]
    next: str
    into: _Target


class NextUrlPaging(_Paging):
    """The answer's ``next`` is the next request's address. Only its path and query are used: the host stays."""

    kind: Literal["next_url"]
    next: str


class OffsetPaging(_Paging):
    """``into`` counts the records read; a page with fewer than ``size`` is the last."""

    kind: Literal["offset"]
    into: _Target
    size: Annotated[int, Field(gt=0)]


class PageNumberPaging(_Paging):
    """``into`` counts pages from ``first``; a page with fewer than ``size`` records is the last."""

    kind: Literal["page_number"]
    into: _Target
    size: Annotated[int, Field(gt=0)]
    first: int = 1


class KeysetPaging(_Paging):
    """The request asks for records after ``{last}``, in order of ``key``: a whole number in each record.

    It knows no limit on the results of one search, and nothing is missed when records leave the result between two
    pages, as they do while a source is in use: an offset would slip.
    """

    kind: Literal["keyset"]
    key: str
    first: int = 0
    more: str


Paging = Annotated[
    NoPaging | CursorPaging | NextUrlPaging | OffsetPaging | PageNumberPaging | KeysetPaging,
    Field(discriminator="kind"),
]


class Until(StrictModel):
    """For a source that is told only where to start: records whose instant at ``path`` is at or past the window's end
    are left to a later window. When the source answers in order of it, reading stops there."""

    path: str
    ordered: bool = True


class Enrich(StrictModel):
    """A look-up for many records at once, merged into each of them under ``into``.

    ``{inputs}`` in the request becomes ``[{"id": …}, …]``, at most ``batch`` of them; of each answer at ``records``,
    ``match`` is the record's id and ``take`` what to keep (with ``each``: a list of that path in every element).
    """

    request: Request
    batch: Annotated[int, Field(gt=0)]
    id: str = "id"
    records: str
    match: str
    take: str
    each: str | None = None
    into: str

    @model_validator(mode="after")
    def _known_placeholders(self) -> "Enrich":
        if self.request.placeholders() != {"inputs"}:
            raise ValueError("request: takes the one placeholder {inputs}")
        return self


class Rest(StrictModel):
    """One list of records behind an HTTP API; ``also`` are further ones of the same shape (archived records).

    A request must be bounded by the window: by placeholders, by ``within`` (the path of an instant that must lie in
    the window, for lists that cannot be asked by time), or be a small list read whole each time (``snapshot``).
    """

    request: Request
    records: str
    each: str | None = None
    paging: Paging = NoPaging()
    until: Until | None = None
    within: str | None = None
    snapshot: bool = False
    enrich: tuple[Enrich, ...] = ()
    also: tuple["Rest", ...] = ()

    @model_validator(mode="after")
    def _bounded_by_the_window(self) -> "Rest":
        names = self.request.placeholders()
        own = {"last"} if isinstance(self.paging, KeysetPaging) else set()
        if own - names:
            raise ValueError("request: keyset paging needs the placeholder {last} somewhere in the request")
        if unknown := names - own - WINDOW_PLACEHOLDERS:
            known = ", ".join(sorted(own | WINDOW_PLACEHOLDERS))
            raise ValueError(f"request: no placeholder {', '.join(sorted(unknown))}; there are {known}")
        if not (names - own or self.within or self.snapshot):
            raise ValueError("bound it by the window: a {window_start_…} placeholder, within, or snapshot: true")
        return self


class Files(StrictModel):
    """CSV files of one folder; ``date_pattern`` finds the business day (YYYY-MM-DD) in the name, as its one group.

    Without a date pattern every window reads all files. ``columns`` are the ones a file must have; more may come.
    """

    path: str = "{connection.extra.path}"
    pattern: str
    date_pattern: str | None = None
    format: Literal["csv"] = "csv"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8"
    columns: Annotated[tuple[str, ...], Field(min_length=1)]

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except LookupError:
            raise ValueError(f"no encoding {encoding!r}: utf-8, utf-16, cp1252, gb18030, …") from None
        return encoding

    @field_validator("date_pattern")
    @classmethod
    def _one_group(cls, pattern: str | None) -> str | None:
        try:
            groups = re.compile(pattern).groups if pattern else 1
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        if groups != 1:
            raise ValueError("needs exactly one group, around the date: orders-(\\d{4}-\\d{2}-\\d{2})\\.csv")
        return pattern


class Web(StrictModel):
    """Pages of a web site, followed from ``start`` by links; records are what the item pages tell of.

    ``next`` and ``items`` are CSS selectors of links to further listings and to item pages. Of an item page, JSON-LD of
    the ``type`` comes first; where there is none, markup: ``each`` selects the part of the page that is one record
    (without it the page is one), ``fields`` gives selectors in a record's part and ``page_fields`` in the whole page,
    tried in order.
    """

    start: Annotated[tuple[str, ...], Field(min_length=1)]
    next: str | None = None
    items: str
    type: Literal["Person", "Organization"] = "Person"
    each: str | None = None
    fields: Annotated[dict[_Name, tuple[str, ...]], Field(min_length=1)]
    page_fields: dict[_Name, tuple[str, ...]] = Field(default_factory=dict)
    max_pages: Annotated[int, Field(gt=0)] = 10_000
    max_depth: Annotated[int, Field(gt=0)] = 1_000


class Entity(StrictModel):
    """One kind of record of a source, and the staging table it feeds.

    ``id`` is a path in the record, or several that together make the id. ``version_at`` is the path of the record's
    updated-at (ISO 8601, epoch seconds or milliseconds), or None when the source has none.
    """

    name: _Name
    feeds: Feeds
    id: str | tuple[str, ...]
    version_at: str | None
    rest: Rest | None = None
    web: Web | None = None
    files: Files | None = None


class Source(StrictModel):
    """Somewhere to collect from: one YAML file, one Airflow connection, one ingest DAG when ``enabled``."""

    name: _Name
    description: str
    kind: Literal["rest", "web", "files"]
    connection: str
    enabled: bool
    schedule: str | None = None
    auth: Auth = Auth()
    entities: Annotated[dict[str, Entity], Field(min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _name_entities(cls, values: Any) -> Any:
        entities = values.get("entities") if isinstance(values, dict) else None
        if not isinstance(entities, dict):
            return values
        named = {
            name: {"name": name, **entity} if isinstance(entity, dict) else entity for name, entity in entities.items()
        }
        return {**values, "entities": named}

    @field_validator("schedule")
    @classmethod
    def _is_cron(cls, schedule: str | None) -> str | None:
        if schedule is not None and (len(schedule.split()) != 5 or not croniter.is_valid(schedule)):
            raise ValueError(f"{schedule!r} is not a cron line of five fields: 0 2 * * *")
        if schedule is not None and not DAILY.fullmatch(schedule.strip()):
            # a run is one day: another rhythm would leave days out
            raise ValueError(f"{schedule!r} is not once a day: give minute and hour, and * for the rest, as 0 2 * * *")
        return schedule

    @model_validator(mode="after")
    def _hangs_together(self) -> "Source":
        if self.enabled and not self.schedule:
            raise ValueError("schedule: a source that is switched on needs one, such as 0 2 * * *")
        for entity in self.entities.values():
            given = [kind for kind in ("rest", "web", "files") if getattr(entity, kind) is not None]
            if given != [self.kind]:
                raise ValueError(
                    f"entities.{entity.name}: a source of kind {self.kind} needs {self.kind}: and only that"
                )
        feeds = Counter(entity.feeds for entity in self.entities.values() if entity.feeds != "activity")
        if twice := [name for name, count in feeds.items() if count > 1]:
            raise ValueError(f"entities: only one may feed {', '.join(twice)}")
        return self


def load_sources(folder: Path = FOLDER) -> dict[str, Source]:
    """Every source of a folder, by name, in order of the name.

    :raises ConfigError: naming every file and key that is wrong.
    """
    sources, problems = {}, []
    for path in sorted(folder.glob("*.yaml")):
        try:
            sources[path.stem] = _load(path)
        except ConfigError as error:
            problems.append(str(error))
    if problems:
        raise ConfigError("\n".join(problems))
    return sources


def load_source(name: str, folder: Path = FOLDER) -> Source:
    """One source by its name.

    :raises ConfigError: when there is none of that name, or its file is wrong.
    """
    path = folder / f"{name}.yaml"
    if not path.is_file():
        names = ", ".join(sorted(path.stem for path in folder.glob("*.yaml"))) or "none"
        raise ConfigError(f"{folder}: no source named {name!r}; there are: {names}")
    return _load(path)


def _load(path: Path) -> Source:
    source = read_config(path, Source)
    if source.name != path.stem:
        raise ConfigError(f"{path}: name: expected {path.stem!r}, the file's own name, found {source.name!r}")
    return source


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strings(part)
