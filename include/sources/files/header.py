"""The names of a table's columns, checked against what the source's YAML asks for."""

from include.sources.config import Files
from include.sources.errors import BadFileError

_FIX = (
    "Check the file, and delimiter:, encoding:, header: and columns: in the source's YAML (./crm source detect FILE"
    " tells them). Nothing of this file was loaded."
)


def checked_header(config: Files, names: list[str] | None, location: str) -> list[str]:
    """The names, without the spaces around them.

    :param names: as they stand in the file; None or empty when it has none.
    :raises BadFileError: ``no_header``; ``wrong_header`` when a column that is asked for is missing, or one is there
        twice.
    """
    if not names:
        raise BadFileError(location, "no_header", "the file has no header line", _FIX)
    header = [name.strip() for name in names]
    if missing := [column for column in config.columns if column not in header]:
        found = ", ".join(header).encode("utf-8", "backslashreplace").decode()
        what = f"the header lacks {', '.join(missing)}; it has {found:.500}"
        raise BadFileError(location, "wrong_header", what, _FIX)
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise BadFileError(location, "wrong_header", f"the header has {', '.join(twice)} more than once", _FIX)
    return header


def not_encoded(config: Files, location: str) -> BadFileError:
    """The error for a file that is not of the stated encoding at all."""
    return BadFileError(location, not_encoded_rule(config), f"is not {config.encoding}", _FIX)


def not_encoded_rule(config: Files) -> str:
    """The rule id for a line, or a file, that is not of the stated encoding: ``not_utf8``."""
    return f"not_{config.encoding.replace('-', '')}"
