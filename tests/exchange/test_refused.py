"""The file of refused rows holds what the person needs to correct them."""

import csv
from pathlib import Path

from stockline.exchange.opening import open_sheet
from stockline.exchange.refused import write_refused
from tests.exchange.files import read, written


def test_every_original_column_and_the_reason(tmp_path: Path) -> None:
    text = "date,serial_number,model\n2013-04-10,S1,A\n2013-04-10,,A\n2013-04-10,S2\n2013-04-10,S3,A,B\n"
    file = written(tmp_path / "drives.csv", text)
    write_refused(tmp_path / "refused.csv", open_sheet(file), read(file).bad)
    with (tmp_path / "refused.csv").open(newline="") as written_file:
        rows = list(csv.reader(written_file))
    assert rows == [
        ["line", "date", "serial_number", "model", "code", "reason"],
        ["3", "2013-04-10", "", "A", "serial_required", "the serial is empty"],
        ["4", "2013-04-10", "S2", "", "invalid", "2 fields, but the header has 3"],
        ["5", "2013-04-10", "S3", "A,B", "invalid", "4 fields, but the header has 3"],
    ]
