"""What a stage is, and the process that stages of several sources are part of: include/config/sales.yaml."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Literal

import psycopg
from pydantic import Field, field_validator, model_validator

from include.config_files import StrictModel, read_config
from include.public_holidays import public_holidays
from include.settings import CONFIG

_Name = Annotated[str, Field(min_length=1)]
_Status = Literal["open", "won", "lost"]
_Days = Annotated[float, Field(gt=0)]


class StandardStage(StrictModel):
    """A stage of a process; ``may_stay_days`` is how long a deal may stay, learned from won deals unless told."""

    name: _Name
    status: _Status = "open"
    may_stay_days: _Days | None = None


class Process(StrictModel):
    """A way from the first talk to won or lost: its stages in their order.

    :param moves: stage → the stages that may follow it; without it any later stage may, and losing.
    """

    name: _Name
    stages: Annotated[tuple[StandardStage, ...], Field(min_length=2)]
    moves: dict[_Name, tuple[_Name, ...]] | None = None

    @model_validator(mode="after")
    def _hangs_together(self) -> "Process":
        names = [stage.name for stage in self.stages]
        _each_once(names, f"process {self.name}: the stage")
        if not any(stage.status == "won" for stage in self.stages):
            raise ValueError(f"process {self.name}: give the stage that means winning status: won")
        for before, after in (self.moves or {}).items():
            for name in (before, *after):
                if name not in names:
                    raise ValueError(f"process {self.name}: moves: no stage {name!r}; there are {', '.join(names)}")
        return self


class Stage(StrictModel):
    """A stage of a source's pipeline: what is not told here is taken from the source, or from the standard stage.

    :param as_: the standard stage (``as:``); needed unless the process has one of the same name.
    :param probability: the chance of winning, 0 to 1.
    """

    key: _Name
    name: _Name | None = None
    as_: _Name | None = Field(default=None, alias="as")
    probability: float | None = Field(default=None, ge=0, le=1)
    status: _Status | None = None
    may_stay_days: _Days | None = None

    @property
    def standard(self) -> str:
        """The name that the stage is looked for by among the process's stages."""
        return self.as_ or self.name or self.key


class Pipeline(StrictModel):
    """The stages of a source's pipeline, in their order.

    :param process: the process that its stages are mapped to; without it the pipeline is a process of its own.
    :param created_stage: for a source that tells two dates only: the key of the stage that starts with the creation.
    """

    source: _Name
    name: _Name
    process: _Name | None = None
    created_stage: _Name | None = None
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _hangs_together(self) -> "Pipeline":
        keys = [stage.key for stage in self.stages]
        if self.created_stage is not None and self.created_stage not in keys:
            raise ValueError(f"created_stage: no stage has the key {self.created_stage!r}: {', '.join(keys)}")
        for stage in self.stages:
            if stage.as_ and not self.process:
                raise ValueError(f"stage {stage.key}: as: goes with process:, which the pipeline {self.name} lacks")
        return self


class SalesConfig(StrictModel):
    """The file include/config/sales.yaml.

    :param holiday_calendar: the public holidays that forecasts and anomalies reckon with: ISO 3166, FR or GB-ENG.
    """

    reporting_currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    holiday_calendar: Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")] | None = None
    processes: tuple[Process, ...] = ()
    pipelines: tuple[Pipeline, ...] = ()

    @field_validator("holiday_calendar")
    @classmethod
    def _known_calendar(cls, name: str | None) -> str | None:
        public_holidays(name, [2026])
        return name

    @model_validator(mode="after")
    def _hangs_together(self) -> "SalesConfig":
        _each_once((process.name for process in self.processes), "processes: the name")
        for source in {pipeline.source for pipeline in self.pipelines}:
            keys = (stage.key for pipeline in self.pipelines if pipeline.source == source for stage in pipeline.stages)
            _each_once(keys, f"pipelines of {source}: the key")
        for pipeline in self.pipelines:
            for stage in pipeline.stages if pipeline.process else ():
                told = self.standard_stage(pipeline, stage)
                if stage.status and stage.status != told.status:
                    raise ValueError(
                        f"pipeline {pipeline.name} of {pipeline.source}: stage {stage.key} is {stage.status}, but the"
                        f" standard stage {told.name} is {told.status}"
                    )
        return self

    def process_of(self, pipeline: Pipeline) -> Process | None:
        """The process of a pipeline; None when it is one of its own.

        :raises ValueError: when there is no process of that name.
        """
        if pipeline.process is None:
            return None
        for process in self.processes:
            if process.name == pipeline.process:
                return process
        known = ", ".join(process.name for process in self.processes) or "none"
        raise ValueError(f"pipeline {pipeline.name} of {pipeline.source}: no process {pipeline.process!r}; {known}")

    def standard_stage(self, pipeline: Pipeline, stage: Stage) -> StandardStage:
        """The standard stage of a stage.

        :raises ValueError: when the process has none of that name.
        """
        process = self.process_of(pipeline)
        stages = process.stages if process else ()
        for standard in stages:
            if standard.name == stage.standard:
                return standard
        raise ValueError(
            f"pipeline {pipeline.name} of {pipeline.source}: stage {stage.key}: the process {pipeline.process} has no"
            f" stage {stage.standard!r}: give it as: one of {', '.join(one.name for one in stages)}"
        )


def load_sales_config() -> SalesConfig:
    """Read include/config/sales.yaml.

    :raises ConfigError: when it is not as it should be.
    """
    return read_config(CONFIG / "sales.yaml", SalesConfig)


def write_stages(connection: psycopg.Connection) -> None:
    """Make the temporary table ``configured_stage`` and core.dim_process_move say what the file says."""
    config = load_sales_config()
    connection.execute(
        "create temp table configured_stage (source text, stage_key text, pipeline_name text, stage_name text,"
        " position integer, probability numeric, status text, may_stay_days numeric, created_stage text,"
        " process_name text, process_stage text, process_position integer) on commit drop"
    )
    rows = []
    for pipeline in config.pipelines:
        process = config.process_of(pipeline)
        for position, stage in enumerate(pipeline.stages):
            standard = config.standard_stage(pipeline, stage) if process else None
            rows.append(
                (
                    pipeline.source, stage.key, pipeline.name, stage.name, position, stage.probability,
                    standard.status if standard else stage.status,
                    stage.may_stay_days or (standard.may_stay_days if standard else None), pipeline.created_stage,
                    pipeline.process, standard.name if standard else None,
                    process.stages.index(standard) if process and standard else None,
                )
            )  # fmt: skip
    moves = [
        (process.name, before, after)
        for process in config.processes
        for before, allowed in (process.moves or {}).items()
        for after in dict.fromkeys(allowed)
    ]
    connection.execute("delete from core.dim_process_move")
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into configured_stage values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )
        cursor.executemany("insert into core.dim_process_move values (%s, %s, %s)", moves)


def _each_once(names: Iterable[str], what: str) -> None:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ValueError(f"{what} {twice[0]!r} is there twice")
