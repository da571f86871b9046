"""CSV files and workbooks as rows of text, read as a stream: the first step of every import.

A sheet has a header and rows. Each row comes with the line it stands on in the file, and with what is wrong with it
when it cannot be read; what makes the whole file unreadable is a `SheetProblem`. What columns mean is not known here.
"""

from __future__ import annotations

import codecs
import csv
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

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

WIDE_ENCODINGS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
DELIMITERS = ",;\t|"
SAMPLE = 64 * 1024
REPLACED = "\ufffd"
"""What stands for bytes that the encoding cannot read."""

Row = tuple[int, list[str], str]
"""The line in the file, the fields as text, and what is wrong with them as they stand ("" when nothing is)."""


class SheetProblem(Exception):
    """A file that cannot be read as a sheet; the message is for the person who gave it."""


class Sheet(Protocol):
    """A file with a header and rows, which may be read more than once."""

    @property
    def path(self) -> Path:
        """Where the file is."""

    @property
    def columns(self) -> list[str]:
        """The header."""

    @property
    def size(self) -> int:
        """How far `position` goes."""

    @property
    def position(self) -> int:
        """How far reading has come."""

    def rows(self) -> Iterator[Row]:
        """The rows below the header; blank ones are left out."""


def open_sheet(
    path: Path, *, encoding: str | None = None, delimiter: str | None = None, sheet: str | None = None
) -> Sheet:
    """The sheet in a file: a CSV (UTF-8 unless said otherwise) or a workbook, told by its content, not by its name."""
    beginning = _beginning(path)
    if beginning.startswith(WORKBOOKS):
        from stockline.exchange.workbooks import WorkbookSheet  # noqa: PLC0415 - a CSV needs no workbook reader

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
    wide = WIDE_ENCODINGS.get(beginning[:2])
    chosen = asked or wide or "utf-8-sig"
    try:
        "".encode(chosen)
    except LookupError:
        raise SheetProblem(f"There is no text encoding {chosen!r}; usual ones are utf-8, cp1252, latin-1.") from None
    if not chosen.lower().startswith(("utf-16", "utf16", "utf-32", "utf32")) and _is_binary(beginning):
        raise SheetProblem(f"{path} is not a CSV file or workbook: it holds binary data.")
    # A UTF-8 file often begins with a byte order mark, which is no part of the first column's name.
    return "utf-8-sig" if codecs.lookup(chosen).name == "utf-8" else chosen


def _is_binary(beginning: bytes) -> bool:
    controls = sum(beginning.count(code) for code in range(32) if code not in b"\t\n\r\f\x1a")
    return b"\0" in beginning or controls * 20 > len(beginning)


class CsvSheet:
    """A CSV file. Rows of the wrong width, with stray quotation marks or unreadable characters say so."""

    def __init__(self, path: Path, encoding: str, delimiter: str | None) -> None:
        self.path = path
        self.size = path.stat().st_size
        self.position = 0
        self._encoding = encoding
        # Reading goes on where characters are unreadable, so that every line that has some can be named.
        self._damaged = not _decodes(path, encoding)
        self._delimiter = _one_character(delimiter) if delimiter else _delimiter(self._first_line())
        line, self.columns, problem = next(self._records(), (1, [], ""))
        if problem:
            raise SheetProblem(f"{path}, line {line}: {problem}.")

    def rows(self) -> Iterator[Row]:
        """The rows below the header; blank ones are left out."""
        records = self._records()
        next(records, None)
        width = len(self.columns)
        for line, fields, problem in records:
            if problem:
                yield line, fields, problem
            elif len(fields) < width or any(fields[width:]):
                yield line, fields, f"{len(fields)} fields, but the header has {width}"
            elif self._damaged and (unreadable := _unreadable(fields)):
                yield (
                    line,
                    fields,
                    f"{unreadable!r} is not {self._encoding_name}; name the file's encoding (--encoding)",
                )
            else:
                yield line, fields[:width], ""

    @property
    def _encoding_name(self) -> str:
        return self._encoding.upper().removesuffix("-SIG")

    def _first_line(self) -> str:
        with self.path.open(encoding=self._encoding, errors="replace", newline="") as file:
            while (line := file.readline(SAMPLE)) and not line.strip():
                pass
        return line

    def _records(self) -> Iterator[Row]:
        errors = "replace" if self._damaged else "strict"
        with self.path.open(encoding=self._encoding, errors=errors, newline="") as file:
            reader = csv.reader(file, delimiter=self._delimiter, strict=True)
            line = 1
            while True:
                try:
                    for fields in reader:
                        if "".join(fields).strip():
                            yield line, fields, ""
                        line = reader.line_num + 1
                        if line & 0xFFF == 0:
                            self.position = cast("BinaryIO", file.buffer).tell()
                    break
                except csv.Error as error:
                    yield line, [], self._complaint(error, line, reader.line_num)
                    line = reader.line_num + 1
        self.position = self.size

    def _complaint(self, error: csv.Error, line: int, last: int) -> str:
        """What is wrong with a row. A quotation mark that is never closed swallows the rest: it condemns the file."""
        if "unexpected end" in str(error) or "field limit" in str(error):
            raise SheetProblem(
                f"{self.path}, line {line}: a quotation mark is opened there and not closed; "
                f"everything to line {last} would be one field."
            ) from None
        return "text follows a closing quotation mark; write a quotation mark inside a field twice"


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while block := file.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeError:
            return False
    return True


def _unreadable(fields: list[str]) -> str:
    return next((field for field in fields if REPLACED in field), "")


def _one_character(delimiter: str) -> str:
    chosen = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}.get(delimiter.lower(), delimiter)
    if len(chosen) != 1 or chosen in '"\r\n':
        raise SheetProblem(f"The delimiter is one character, such as ';' or tab, not {delimiter!r}.")
    return chosen


def _delimiter(header: str) -> str:
    """The delimiter that splits the header into the most columns, a comma when none does."""
    outside = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=outside.count)
