"""Which extracts there are: include/config/extracts.yaml."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from include.config_files import StrictModel, read_config
from include.extracts.errors import ExtractError
from include.settings import CONFIG

_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
_Text = Annotated[str, Field(min_length=1)]
_Table = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$")]


class Extract(StrictModel):
    """A ``table`` of the warehouse (``mart.customer_360``) or a ``query``, as a file.

    :param key: the columns that tell a row.
    :param mode: incremental writes only the days whose marts were built since the last time, full writes all rows.
    :param day: of an incremental extract, the column that tells a row's business day: a date or a time.
    :param publish: how it goes to Tableau: replace; append (only later days, of an incremental extract); create (once,
        then left alone); refresh (Tableau reads the warehouse itself, no file is sent); or none.
    """

    table: _Table | None = None
    query: _Text | None = None
    key: _Text | Annotated[tuple[_Text, ...], Field(min_length=1)]
    mode: Literal["full", "incremental"] = "full"
    day: _Text | None = None
    publish: Literal["replace", "append", "create", "refresh", "none"] = "replace"

    @model_validator(mode="after")
    def _fits_together(self) -> "Extract":
        if (self.table is None) == (self.query is None):
            raise ValueError("give table: or query:, one of them")
        if (self.mode == "incremental") != (self.day is not None):
            raise ValueError("mode: incremental and day: go together")
        if self.publish == "append" and self.mode != "incremental":
            raise ValueError("publish: append is for mode: incremental, whose rows have a day")
        return self

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of the key."""
        return (self.key,) if isinstance(self.key, str) else self.key


class ExtractsConfig(StrictModel):
    """The whole file.

    :param connection: an Airflow connection of type tableau; without one, extracts are files only.
    :param project: the project of Tableau's that they are published in; made when it is not there.
    """

    connection: _Text = "tableau"
    project: _Text = "CRM Autopilot"
    extracts: dict[_Name, Extract]


def load_extracts() -> ExtractsConfig:
    """The file as a model.

    :raises ConfigError: when the file is not as it should be.
    """
    return read_config(CONFIG / "extracts.yaml", ExtractsConfig)


def chosen(names: Sequence[str]) -> dict[str, Extract]:
    """The extracts of these names, or all of them.

    :raises ExtractError: when there is none of a name.
    """
    extracts = load_extracts().extracts
    if unknown := [name for name in names if name not in extracts]:
        raise ExtractError(
            f"{unknown[0]} is no extract of include/config/extracts.yaml, which has {', '.join(extracts)}."
        )
    return {name: extracts[name] for name in names or extracts}
