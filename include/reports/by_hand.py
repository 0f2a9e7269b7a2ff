"""A report that somebody asks for: any subject, any days, any formats."""

from collections.abc import Sequence
from typing import get_args

from include.config_files import ConfigError
from include.reports.render import SUBJECTS, Edition, Format, render
from include.sources.config import load_sources
from include.warehouse.connection import Warehouse
from include.window import Window


def render_by_hand(
    warehouse: Warehouse, subject: str, first: str, last: str, formats: str, sources: Sequence[str]
) -> Edition:
    """Render a report as the command line asks for it.

    :param first, last: days, both included.
    :param formats: names with commas between them.
    :param sources: all that are switched on when none is named.
    :raises ConfigError: when what is asked for is not there.
    """
    if subject not in SUBJECTS:
        raise ConfigError(f"there is no report {subject}; the reports are {', '.join(SUBJECTS)}")
    wanted = [name.strip() for name in formats.split(",") if name.strip()]
    if unknown := [name for name in wanted if name not in get_args(Format)]:
        raise ConfigError(f"--format: {', '.join(unknown)} is none of {', '.join(get_args(Format))}")
    known = load_sources()
    if missing := [name for name in sources if name not in known]:
        raise ConfigError(f"--source: there is no {', '.join(missing)}; the sources are {', '.join(sorted(known))}")
    try:
        window = Window.between(first, last)
    except ValueError as error:
        raise ConfigError(f"--from, --to: {error}") from None
    named = list(sources) or [source.name for source in known.values() if source.enabled]
    return render(warehouse, subject, window, named, formats=[name for name in wanted if name in get_args(Format)])  # type: ignore[misc]
