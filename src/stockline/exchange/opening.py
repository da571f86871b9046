"""Opening a file as a sheet: what it is, is told by its content, not by its name."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from stockline.exchange.csv_files import CsvSheet
from stockline.exchange.sheets import SheetProblem
from stockline.exchange.workbooks import WorkbookSheet

if TYPE_CHECKING:
    from pathlib import Path

    from stockline.exchange.sheets import Sheet

SIGNATURES = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
    b"\x7fELF": "a program",
    b"SQLite format 3": "a SQLite database",
}
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How XLSX and ODS files begin (they are ZIP archives), and the older XLS."""

WIDE_ENCODINGS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""By the mark a file begins with; that of UTF-16 is the beginning of one of UTF-32."""
SAMPLE = 64 * 1024


def open_sheet(
    path: Path, *, encoding: str | None = None, delimiter: str | None = None, sheet: str | None = None
) -> Sheet:
    """The sheet in a file: a CSV (UTF-8 unless said otherwise) or a workbook."""
    beginning = _beginning(path)
    if beginning.startswith(WORKBOOKS):
        return WorkbookSheet(path, sheet)
    if sheet is not None:
        raise SheetProblem(f"{path} is not a workbook, so it has no sheet {sheet!r}.")
    return CsvSheet(path, _encoding(path, beginning, encoding), delimiter)


def _beginning(path: Path) -> bytes:
    if not path.exists():
        raise SheetProblem(f"There is no file {path}.")
    if not path.is_file():
        raise SheetProblem(f"{path} is not a file.")
    try:
        with path.open("rb") as file:
            beginning = file.read(SAMPLE)
    except OSError as error:
        raise SheetProblem(f"{path} cannot be opened: {error.strerror}.") from None
    if not beginning.strip():
        raise SheetProblem(f"{path} is empty.")
    for magic, kind in SIGNATURES.items():
        if beginning.startswith(magic):
            raise SheetProblem(f"{path} is not a CSV file or workbook but {kind}.")
    return beginning


def _encoding(path: Path, beginning: bytes, asked: str | None) -> str:
    wide = next((name for mark, name in WIDE_ENCODINGS.items() if beginning.startswith(mark)), None)
    chosen = asked or wide or "utf-8-sig"
    try:
        "".encode(chosen)
    except (LookupError, UnicodeError):
        raise SheetProblem(f"There is no text encoding {chosen!r}; usual ones are utf-8, cp1252, latin-1.") from None
    if not chosen.lower().startswith(("utf-16", "utf16", "utf-32", "utf32")) and _is_binary(beginning):
        raise SheetProblem(f"{path} is not a CSV file or workbook: it holds binary data.")
    # A UTF-8 file often begins with a byte order mark, which is no part of the first column's name.
    return "utf-8-sig" if codecs.lookup(chosen).name == "utf-8" else chosen


def _is_binary(beginning: bytes) -> bool:
    controls = sum(beginning.count(code) for code in range(32) if code not in b"\t\n\r\f\x1a")
    return controls * 20 > len(beginning)
