"""How a source's keys are compared with those in the warehouse, as the source's YAML describes it."""

from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from include.config_files import StrictModel
from include.sources.config.hooks import Fetch
from include.sources.config.rest import Rest


class Sweep(StrictModel):
    """A comparison of all keys every so many days: records that are gone are marked, missed ones are landed.

    :param max_gone: the largest share of the known keys that may be gone; beyond it nothing is marked.
    :param rest: the whole list, for an API: of records as a pull gives them, or with ``fetch`` of their ids.
    """

    every_days: Annotated[int, Field(gt=0)]
    max_gone: Annotated[float, Field(gt=0, le=1)] = 0.5
    rest: Rest | None = None
    fetch: Fetch | None = None

    @field_validator("rest", mode="before")
    @classmethod
    def _whole_list(cls, rest: Any) -> Any:
        return {**rest, "snapshot": True} if isinstance(rest, dict) else rest

    @model_validator(mode="after")
    def _hangs_together(self) -> "Sweep":
        if self.fetch and not self.rest:
            raise ValueError("fetch: goes with rest, the list of the ids")
        for part in (self.rest, *self.rest.also) if self.rest else ():
            names = {name for name in part.request.placeholders() if name.startswith("window_")}
            if names or part.within or part.until or part.keeps_cursor:
                what = "so leave out window placeholders, within, until and a cursor that is kept"
                raise ValueError(f"rest: compares the whole list, {what}")
        return self
