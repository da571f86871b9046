"""CSV files: read as sheets, as a stream, and written."""

from __future__ import annotations

import codecs
import csv
from typing import TYPE_CHECKING, BinaryIO, cast

from stockline.exchange.sheets import SheetProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from stockline.exchange.sheets import Row

DELIMITERS = ",;\t|"
HEADER = 64 * 1024
"""So much of the header is read to tell the delimiter."""
REPLACED = "\ufffd"
"""What stands for bytes that the encoding cannot read."""


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table in UTF-8.

    Raises:
        OSError: the file cannot be written there.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


class CsvSheet:
    """A CSV file. Rows of the wrong width, with stray quotation marks or unreadable characters say so."""

    typed = False

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
            while (line := file.readline(HEADER)) and not line.strip():
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
