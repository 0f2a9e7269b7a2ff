"""What is published where: include/config/publish.yaml."""

from typing import Annotated

from pydantic import Field, model_validator

from include.config_files import StrictModel, read_config
from include.settings import CONFIG

_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
_Text = Annotated[str, Field(min_length=1)]


class Publication(StrictModel):
    """A ``table`` of the warehouse (``mart.customer_360``) or a ``query``, and the table that it is kept in: ``to``.

    :param connection: an Airflow connection of type mysql or postgres.
    :param key: the columns that tell a row; the primary key of the table.
    """

    connection: _Text
    table: _Text | None = None
    query: _Text | None = None
    to: _Text
    key: _Text | Annotated[tuple[_Text, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_of_both(self) -> "Publication":
        if (self.table is None) == (self.query is None):
            raise ValueError("give table: or query:, one of them")
        return self

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of the key."""
        return (self.key,) if isinstance(self.key, str) else self.key


class _PublishConfig(StrictModel):
    publications: dict[_Name, Publication]


def load_publications() -> dict[str, Publication]:
    """Every publication, by its name.

    :raises ConfigError: when the file is not as it should be.
    """
    return read_config(CONFIG / "publish.yaml", _PublishConfig).publications
