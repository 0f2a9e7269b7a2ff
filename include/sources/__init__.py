"""Reading sources: REST APIs, web sites, files and databases become pages of records.

The readers are loaded when the first of these names is asked for: a DAG that is parsed needs only the YAML's models.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from include.sources.connection import SourceConnection
    from include.sources.errors import SourceError
    from include.sources.files import match_files, set_aside
    from include.sources.memory import Memory
    from include.sources.page import Page, Unreadable
    from include.sources.reading import compare, read, read_by_ids, read_files

__all__ = [
    "Memory",
    "Page",
    "SourceConnection",
    "SourceError",
    "Unreadable",
    "compare",
    "match_files",
    "read",
    "read_by_ids",
    "read_files",
    "set_aside",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from include.sources import reading

        return getattr(reading, name)
    raise AttributeError(f"{__name__} has no {name}")
