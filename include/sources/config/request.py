"""One HTTP request, as a source's YAML describes it."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from include.config_files import StrictModel

PLACEHOLDER = re.compile(r"\{([\w.@-]+)\}")
WINDOW_PLACEHOLDERS = frozenset(
    f"window_{end}_{form}" for end in ("start", "end") for form in ("ms", "s", "iso", "day")
)


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
        return placeholders([self.path, self.params, self.body])


def placeholders(value: Any) -> set[str]:
    """The names in braces, in any string of a value."""
    return {name for text in _strings(value) for name in PLACEHOLDER.findall(text)}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strings(part)
