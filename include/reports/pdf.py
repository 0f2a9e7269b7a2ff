"""The report on paper: a PDF set by typst, from the same report as the page."""

import json
import tempfile
from pathlib import Path
from typing import Any

from include.reports.config import PLAIN, Brand
from include.reports.definitions import term
from include.reports.frame import Frame
from include.reports.language import _, language
from include.reports.model import Column, Picture, Report, Sentence, Table
from include.reports.page import NUMERIC, Notes, fixed_columns, instant, window_words
from include.reports.words import days_between, listed, show


def pdf(report: Report, frame: Frame, brand: Brand = PLAIN) -> bytes:
    """The report as a PDF; the same report gives the same bytes. Needs no font and no program of the machine."""
    import typst
    from matplotlib import get_data_path
    from noto_cjk_sans_otc import FONT_PATH

    fonts = [str(Path(get_data_path(), "fonts", "ttf")), str(Path(str(FONT_PATH)).parent)]
    with tempfile.TemporaryDirectory(prefix="crm-report-") as name:
        folder = Path(name)
        (folder / "report.typ").write_bytes((Path(__file__).parent / "pdf.typ").read_bytes())
        (folder / "report.json").write_text(
            json.dumps(_told(report, frame, folder) | _branded(brand, folder)), encoding="utf-8"
        )
        made = typst.compile(
            str(folder / "report.typ"), root=name, font_paths=fonts, ignore_system_fonts=True, format="pdf",
            timestamp=int(frame.window.end.timestamp()),
        )  # fmt: skip
    assert isinstance(made, bytes)
    return made


def _told(report: Report, frame: Frame, folder: Path) -> dict[str, Any]:
    """The report as plain values for the template; pictures become files of the folder."""
    notes = Notes()
    return {
        **_fixed(report, frame),
        "changes": list(report.changes),
        "doubts": list(report.doubts),
        "tiles": [
            {
                "label": _("{label}, {unit}", label=tile.label, unit=tile.unit) if tile.unit else tile.label,
                "value": show(tile.kind, tile.value), "note": tile.note, "note_no": notes.number(tile.term),
                "change": tile.change.text if tile.change else "", "tone": tile.change.tone if tile.change else "",
            }
            for tile in report.tiles
        ],
        "sections": [
            {
                "heading": section.heading,
                "blocks": _paired(
                    [
                        _block(block, notes, folder, f"{place}-{number}.svg")
                        for number, block in enumerate(section.blocks)
                    ]
                ),
            }
            for place, section in enumerate(report.sections)
        ],
        "terms": [
            dict(zip(("no", "name", "meaning"), (number, *term(key)), strict=True))
            for number, key in enumerate(notes.used, 1)
        ],
    }  # fmt: skip


def _branded(brand: Brand, folder: Path) -> dict[str, str]:
    logo = ""
    if brand.logo_path:
        logo = f"logo{brand.logo_path.suffix}"
        (folder / logo).write_bytes(brand.logo_path.read_bytes())
    return {"brand": brand.name, "accent": brand.accent, "logo": logo}


def _fixed(report: Report, frame: Frame) -> dict[str, Any]:
    """What the template says beside the report's own parts, and how: language, region and fonts."""
    period = days_between(frame.window.first_day, frame.window.last_day)
    return {
        "language": language(),
        "title": report.title, "period": period, "running": _("{title}, {period}", title=report.title, period=period),
        "window": window_words(frame),
        "origin": _(
            "Sources: {sources}. As of {as_of}: what happened later is not in here.",
            sources=listed(list(frame.sources)), as_of=instant(frame.window.end, frame),
        ),
        "doubtful": _("Missing or doubtful"),
        "no_doubt": _("Nothing: every source told of every day, and no row waits in quarantine."),
        "meanings": _("What the figures mean"),
        "colon": _(": "),
    }  # fmt: skip


def _paired(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Narrow pictures that follow each other go two beside each other."""
    put: list[dict[str, Any]] = []
    for part in parts:
        if part["kind"] != "picture" or part["wide"]:
            put.append(part)
        elif put and put[-1]["kind"] == "pair" and len(put[-1]["pictures"]) == 1:
            put[-1]["pictures"].append(part)
        else:
            put.append({"kind": "pair", "pictures": [part]})
    return put


def _block(block: Picture | Table | Sentence, notes: Notes, folder: Path, file: str) -> dict[str, Any]:
    if isinstance(block, Sentence):
        return {"kind": "sentence", "text": block.text}
    if isinstance(block, Picture):
        (folder / file).write_bytes(block.svg)
        return {
            "kind": "picture", "caption": block.caption, "file": file, "alt": block.alt, "note": block.note,
            "wide": block.is_wide, "note_no": notes.number(block.term) if block.term else None,
        }  # fmt: skip
    fixed = fixed_columns(block)
    rows = [
        [
            show(column.kind, value, is_fixed=bool(place) and fixed[place])
            for place, (column, value) in enumerate(zip(block.columns, row, strict=True))
        ]
        for row in block.rows
    ]
    longest = [max((len(row[place]) for row in rows), default=0) for place in range(len(block.columns))]
    return {
        "kind": "table", "caption": block.caption, "note": block.note, "rows": rows,
        "columns": [_column(column, notes, length) for column, length in zip(block.columns, longest, strict=True)],
    }  # fmt: skip


def _column(column: Column, notes: Notes, longest: int) -> dict[str, Any]:
    """A column; what its text is wide by: the root, so that a long one gets more, and not all."""
    return {
        "width": round(max(longest, 9) ** 0.5, 2),
        "heading": column.heading, "numeric": column.kind in NUMERIC,
        "note_no": notes.number(column.term) if column.term else None,
    }  # fmt: skip
