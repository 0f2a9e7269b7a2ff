"""Workbooks that no library here can write, made byte by byte: OpenDocument, and Excel's format of 1997."""

import struct
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

Cell = str | float


def write_ods(path: Path, sheet: str, rows: list[list[Cell]]) -> Path:
    """An OpenDocument sheet of texts and numbers."""

    def cell(value: Cell) -> str:
        if isinstance(value, str):
            return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'
        return f'<table:table-cell office:value-type="float" office:value="{value!r}"/>'

    body = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    with zipfile.ZipFile(path, "w") as archive:
        kind = "application/vnd.oasis.opendocument.spreadsheet"
        archive.writestr("mimetype", kind)
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0"?><office:document-content {names}><office:body><office:spreadsheet>'
            f'<table:table table:name="{escape(sheet)}">{body}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
        manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
        archive.writestr(
            "META-INF/manifest.xml",
            f'<?xml version="1.0"?><m:manifest xmlns:m="{manifest}">'
            f'<m:file-entry m:full-path="/" m:media-type="{kind}"/></m:manifest>',
        )
    return path


def write_xls(path: Path, sheet: str, rows: list[list[Cell]]) -> Path:
    """A BIFF8 sheet of texts and numbers, in its OLE container."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def text(value: str, size: str) -> bytes:
        return struct.pack(f"<{size}B", len(value.encode("utf-16-le")) // 2, 1) + value.encode("utf-16-le")

    def begin(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0, 1997, 0, 0))

    def bound_sheet(position: int) -> bytes:
        return record(0x0085, struct.pack("<IBB", position, 0, 0) + text(sheet, "B"))

    end = record(0x000A, b"")
    book = begin(5)
    place = len(book) + len(bound_sheet(0)) + len(end)
    cells = b"".join(
        record(0x0204, struct.pack("<HHH", at, column, 0) + text(value, "H"))
        if isinstance(value, str)
        else record(0x0203, struct.pack("<HHHd", at, column, 0, value))
        for at, row in enumerate(rows)
        for column, value in enumerate(row)
    )
    size = record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0))
    stream = book + bound_sheet(place) + end + begin(0x10) + size + cells + end
    stream = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0")
    path.write_bytes(_ole("Workbook", stream))
    return path


def _ole(name: str, stream: bytes) -> bytes:
    """A compound file with one stream, of whole sectors: header, table of sectors, directory, stream."""
    count = len(stream) // 512
    free, last, table = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD

    def entry(called: str, kind: int, child: int, start: int, size: int) -> bytes:
        raw = called.encode("utf-16-le")
        return (
            raw.ljust(64, b"\0")
            + struct.pack("<HBBIII", len(raw) + 2, kind, 1, free, free, child)
            + bytes(36)
            + struct.pack("<IQ", start, size)
        )

    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, last, 0, last, 0)
    header += struct.pack("<109I", 0, *[free] * 108)
    chain = [table, last, *range(3, 2 + count), last]
    sectors = struct.pack("<128I", *chain, *[free] * (128 - len(chain)))
    directory = entry("Root Entry", 5, 1, last, 0) + entry(name, 2, free, 2, len(stream)) + bytes(256)
    return header + sectors + directory + stream
