"""The sources as `include/config/sources/*.yaml` describes them, checked when read."""

import os
import re
from collections import Counter
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal

from croniter import croniter
from pydantic import Field, field_validator, model_validator

from include.config_files import ConfigError, StrictModel, read_config
from include.settings import CONFIG
from include.sources.config.auth import Auth, NoAuth
from include.sources.config.database import Database
from include.sources.config.files import Files
from include.sources.config.hooks import Hooks
from include.sources.config.pull import Budget, Span
from include.sources.config.rest import Rest
from include.sources.config.sweep import Sweep
from include.sources.config.web import Web

__all__ = [
    "FOLDER", "Auth", "Budget", "ConfigError", "Database", "Entity", "Feeds", "Files", "Hooks", "NoAuth", "Rest",
    "Source", "Sweep", "Web", "load_source", "load_sources",
]  # fmt: skip

FOLDER = CONFIG / "sources"

Feeds = Literal[
    "customer",
    "company",
    "rep",
    "product",
    "pipeline_stage",
    "deal",
    "deal_stage_event",
    "ticket",
    "ticket_event",
    "ticket_group",
    "satisfaction",
    "survey_answer",
    "activity",
    "order_line",
    "currency_rate",
    "sla_policy",
    "schedule",
    "holiday",
]
DAILY = re.compile(r"\d+\s+\d+\s+\*\s+\*\s+\*")
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Entity(StrictModel):
    """One kind of record of a source, and the staging table it feeds.

    ``id`` is a path in the record, or several that together make the id. ``id_starts`` is what every id of the entity
    begins with: it lets two entities feed one table, and a record with another id is not one of the entity's.
    ``version_at`` is the path of the record's updated-at (ISO 8601, epoch seconds or milliseconds), or several of which
    the latest counts, or None when the source has none.
    """

    name: _Name
    feeds: Feeds
    id: str | tuple[str, ...]
    id_starts: Annotated[str, Field(min_length=1)] | None = None
    version_at: str | Annotated[tuple[str, ...], Field(min_length=1)] | None
    rest: Rest | None = None
    web: Web | None = None
    files: Files | None = None
    database: Database | None = None
    sweep: Sweep | None = None

    @property
    def keeps_changes(self) -> bool:
        """Whether it is read whole, without a time of change: a row that did not change is no new version then."""
        return self.database is not None and self.database.full and self.version_at is None

    @model_validator(mode="after")
    def _hangs_together(self) -> "Entity":
        if self.database and self.database.changed_at and self.version_at is None:
            raise ValueError("version_at: name the column of changed_at, or another time of change")
        if self.sweep and bool(self.sweep.rest) != bool(self.rest):
            raise ValueError("sweep: needs rest:, the whole list, for an API, and only there")
        if self.sweep and (self.web or self.files):
            raise ValueError("sweep: compares the keys of an API or of a database")
        if self.sweep and self.sweep.fetch and not isinstance(self.id, str):
            raise ValueError("sweep.fetch: goes by one id; this entity has several that make it together")
        if self.sweep and self.database and self.database.placeholders():
            raise ValueError("sweep: needs a table, or a query without placeholders: it compares all keys")
        return self


class Source(StrictModel):
    """Somewhere to collect from: one YAML file, one Airflow connection, one ingest DAG when ``enabled``.

    A pull asks for its window and for ``lateness`` before it: for records that turn up later than their own time says.
    ``enabled: sandbox`` is true where the sandbox company runs: CRM_SANDBOX=1 in the environment.
    ``keep_raw`` (``400d``) is how long raw keeps versions that newer ones have replaced; None is for ever.
    """

    name: _Name
    description: str
    kind: Literal["rest", "web", "files", "database"]
    connection: str
    enabled: bool
    schedule: str | None = None
    auth: Auth = NoAuth()
    lateness: Span = timedelta()
    budget: Budget | None = None
    hooks: Hooks | None = None
    keep_raw: Annotated[Span, Field(gt=timedelta())] | None = None
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

    @field_validator("enabled", mode="before")
    @classmethod
    def _with_the_sandbox(cls, enabled: Any) -> Any:
        return os.environ.get("CRM_SANDBOX") == "1" if enabled == "sandbox" else enabled

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
            given = [kind for kind in ("rest", "web", "files", "database") if getattr(entity, kind) is not None]
            if given != [self.kind]:
                raise ValueError(
                    f"entities.{entity.name}: a source of kind {self.kind} needs {self.kind}: and only that"
                )
        if self.budget and self.kind != "rest":
            raise ValueError("budget: is for sources of kind rest")
        has_days = any(entity.files and entity.files.date_pattern for entity in self.entities.values())
        if self.lateness and self.kind in ("web", "files") and not has_days:
            raise ValueError(f"lateness: a source of kind {self.kind} is not asked by time (files: by date_pattern)")
        if self.hooks:
            self._check_hooks(self.hooks)
        self._keys_stay_apart()
        return self

    def _keys_stay_apart(self) -> None:
        """Core knows a record by source and key, so keys of two entities that feed one table must never be equal."""
        for feeds, count in Counter(entity.feeds for entity in self.entities.values()).items():
            if count == 1 or feeds == "activity":  # core knows an activity by its type, too
                continue
            entities = [entity for entity in self.entities.values() if entity.feeds == feeds]
            starts = [entity.id_starts for entity in entities]
            if any(not a or not b or a.startswith(b) or b.startswith(a) for a, b in combinations(starts, 2)):
                names = ", ".join(entity.name for entity in entities)
                raise ValueError(
                    f"entities: {names} feed {feeds}, where a record is known by its key alone: give each id_starts, "
                    "what only its own ids begin with, or make a source of each"
                )

    def _check_hooks(self, hooks: Hooks) -> None:
        for name, told in hooks.entities.items():
            if name not in self.entities:
                raise ValueError(f"hooks.entities.{name}: no entity of this source; it has {', '.join(self.entities)}")
            if told.fetch and self.kind != "rest":
                raise ValueError(f"hooks.entities.{name}.fetch: only a source of kind rest can be asked for records")


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
