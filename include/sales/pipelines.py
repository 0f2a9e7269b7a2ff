"""What a stage is: include/config/sales.yaml, over what the sources tell themselves."""

from typing import Literal

from pydantic import Field

from include.config_files import StrictModel, read_config
from include.settings import CONFIG


class Stage(StrictModel):
    """A stage of a pipeline; ``probability`` is the chance of winning, 0 to 1."""

    key: str
    name: str
    probability: float = Field(ge=0, le=1)
    status: Literal["open", "won", "lost"]


class Pipeline(StrictModel):
    """The stages of a source's pipeline, in their order."""

    source: str
    name: str
    stages: list[Stage]


class SalesConfig(StrictModel):
    """The file include/config/sales.yaml."""

    pipelines: list[Pipeline]


def load_sales_config() -> SalesConfig:
    """Read include/config/sales.yaml.

    :raises ConfigError: when it is not as it should be.
    """
    return read_config(CONFIG / "sales.yaml", SalesConfig)
