"""Files as people have them, made for a test."""

from collections.abc import Callable
from pathlib import Path

from stockline.exchange.mapping import Mapping
from stockline.exchange.opening import open_sheet
from stockline.exchange.reading import Reading

DRIVES = Mapping(item="model", serial="serial_number", site="=EAST", date="date")


def drives(path: Path, rows: int, *, change: Callable[[int, list[str]], list[str]] = lambda _, fields: fields) -> Path:
    """A file of drives like the real one; `change` spoils the fields of a line."""
    with path.open("w", encoding="utf-8") as file:
        file.write("date,serial_number,model\n")
        for line in range(2, rows + 2):
            fields = ["2013-04-10", f"Z{line:09d}", f"ST{line % 36}000"]
            file.write(",".join(change(line, fields)) + "\n")
    return path


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """A file with this text."""
    path.write_bytes(text.encode(encoding))
    return path


def read(path: Path, mapping: Mapping = DRIVES, **layout: str) -> Reading:
    """A file read and checked."""
    reading = Reading(open_sheet(path, **layout), mapping)
    reading.run()
    reading.check()
    return reading


def reasons(reading: Reading) -> dict[int, str]:
    """What is wrong with each bad row, by line."""
    return {bad.line: bad.reason for bad in reading.bad}
