"""The file of refused rows: what the person corrects and imports again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockline.exchange.csv_files import write_csv

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from stockline.exchange.movements import BadRow
    from stockline.exchange.sheets import Sheet


def write_refused(path: Path, sheet: Sheet, refused: Iterable[BadRow]) -> None:
    """Write a CSV with the line, every original column, the code and the reason of the refused rows.

    The sheet is read once more for it, so that an import need not keep the text of all its rows.
    """
    by_line = {bad.line: bad for bad in refused}
    width = len(sheet.columns)
    rows = (
        [line, *_as_wide(fields, width), bad.code, bad.reason]
        for line, fields, _ in sheet.rows()
        if (bad := by_line.get(line))
    )
    write_csv(path, ["line", *sheet.columns, "code", "reason"], rows)


def _as_wide(fields: list[str], width: int) -> list[str]:
    """The fields under their columns; what a row has too many of stays together in the last one."""
    if len(fields) > width:
        return [*fields[: width - 1], ",".join(fields[width - 1 :])]
    return fields + [""] * (width - len(fields))
