"""What the webhooks of a source tell, as the source's YAML describes it."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from include.config_files import StrictModel
from include.sources.config.rest import Request


class Fetch(StrictModel):
    """A request for records by their ids: ``{ids}`` stands for ``"17,18"``, ``{inputs}`` for ``[{"id": "17"}, …]``, at
    most ``batch`` of them; the records are the list at ``records`` of the answer, which is not paged."""

    request: Request
    batch: Annotated[int, Field(gt=0)]
    records: str

    @model_validator(mode="after")
    def _asks_for_ids(self) -> "Fetch":
        names = self.request.placeholders()
        if len(names) != 1 or not names <= {"ids", "inputs"}:
            raise ValueError("request: takes one of the placeholders {ids} and {inputs}, and no other")
        if "{" in self.request.path:
            raise ValueError("request.path: {ids} and {inputs} go into params or body")
        return self


class HookEntity(StrictModel):
    """What an event tells of one entity: whole records (``records``), or only an id (``id`` and ``fetch``).

    ``where`` is path → pattern, or several; an event is about the entity when each path has a value of a pattern
    (``contact.*``). ``records`` is the path of a record, or of a list of them; the empty path is the event itself.
    Of several ``fetch``, each is asked for the ids that the ones before it did not give.
    """

    where: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    records: str | None = None
    id: str | None = None
    fetch: tuple[Fetch, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> "HookEntity":
        if (self.records is None) == (self.id is None) or (self.id is None) == bool(self.fetch):
            raise ValueError("give records: (the event has them whole), or id: and fetch: (it has only their ids)")
        return self


class Hooks(StrictModel):
    """How the webhooks of a source are signed, and where its events are: the list at ``events`` of the body (``""``:
    the body itself); one object there is one event."""

    kind: Literal["hubspot", "zendesk", "signed"]
    events: str = ""
    entities: Annotated[dict[str, HookEntity], Field(min_length=1)]
