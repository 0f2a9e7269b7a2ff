"""A process of its own that reads one sheet of a workbook: ``python -I workbook.py PATH SHEET BYTES``.

Two cells at opposite corners of a sheet are enough to ask for a hundred gigabytes, and what is refused memory ends the
process: so it is this one that ends, and not the one that loads the other files.

Writes JSON lines: the names of the sheets; the rows, some hundred a line, each an array of its cells; at the end
``"end"``. Or, instead of going on, an object with ``reason`` and ``what``. Imports nothing of the project: it is
started once a workbook.
"""

import datetime
import itertools
import sys
from typing import Any

import orjson
import python_calamine as calamine

ROWS_A_LINE = 200


def main() -> None:
    """Read the sheet that the arguments name (none: the first one) within so many bytes of memory."""
    path, name, memory = sys.argv[1], sys.argv[2], int(sys.argv[3])
    _limit(memory)
    try:
        with calamine.CalamineWorkbook.from_path(path) as workbook:
            sheets = [sheet.name for sheet in workbook.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
            _write(sheets)
            if not sheets or (name and name not in sheets):
                _write({"reason": "no_sheet", "what": f"has no sheet {name!r}; it has {', '.join(sheets):.500}"})
                return
            rows = workbook.get_sheet_by_name(name or sheets[0]).iter_rows()
            while some := list(itertools.islice(rows, ROWS_A_LINE)):
                _write(some)
            _write("end")
    except calamine.PasswordError:
        _write({"reason": "locked_workbook", "what": "is locked with a password"})
    except calamine.CalamineError as error:
        _write({"reason": "not_excel", "what": f"is no workbook, or a broken one: {error!s:.200}"})


def _limit(memory: int) -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    except (ImportError, ValueError, OSError):
        pass  # a system without such limits


def _write(value: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, default=_duration, option=orjson.OPT_APPEND_NEWLINE))


def _duration(value: datetime.timedelta) -> str:
    """Hours go on past 24, as the sheet shows them."""
    seconds = round(value.total_seconds())
    sign, seconds = "-" if seconds < 0 else "", abs(seconds)
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


if __name__ == "__main__":
    main()
