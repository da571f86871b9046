"""CSV files are read as a stream, and what is wrong with them is said by line."""

from pathlib import Path

import pytest

from stockline.exchange.opening import open_sheet
from stockline.exchange.sheets import SheetProblem
from tests.exchange.files import written

HEADER = "date,serial_number,model\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "drives.csv"


def rows_of(path: Path, **layout: str) -> list[tuple[int, list[str], str]]:
    return list(open_sheet(path, **layout).rows())


def test_rows_come_with_their_line(file: Path) -> None:
    written(file, "a,b\n1,2\n\n3,4\n")
    assert rows_of(file) == [(2, ["1", "2"], ""), (4, ["3", "4"], "")]


def test_a_field_over_two_lines_moves_the_lines_below(file: Path) -> None:
    written(file, 'a,b\n1,"x\ny"\n3,4\n')
    assert [line for line, _, _ in rows_of(file)] == [2, 4]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_no_part_of_the_header(file: Path, encoding: str) -> None:
    written(file, "é,b\n1,2\n", encoding)
    assert open_sheet(file).columns == ["é", "b"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(file: Path, delimiter: str) -> None:
    written(file, f'"a,x"{delimiter}b{delimiter}c\n1{delimiter}2{delimiter}3\n')
    assert open_sheet(file).columns == ["a,x", "b", "c"]


def test_windows_line_ends_and_blank_fields_at_the_end_are_fine(file: Path) -> None:
    written(file, "a,b\r\n1,2,,\r\n,,,\r\n")
    assert rows_of(file) == [(2, ["1", "2"], "")]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("1,2", "2 fields, but the header has 3"),
        ("1,2,3,4", "4 fields, but the header has 3"),
        ('1,"2"x,3', "text follows a closing quotation mark; write a quotation mark inside a field twice"),
    ],
)
def test_a_row_that_is_no_row_of_this_sheet_says_so_and_reading_goes_on(file: Path, row: str, problem: str) -> None:
    written(file, f"{HEADER}1,2,3\n{row}\n4,5,6\n")
    assert [(line, said) for line, _, said in rows_of(file)] == [(2, ""), (3, problem), (4, "")]


def test_one_zero_byte_spoils_its_row_and_not_the_file(file: Path) -> None:
    written(file, f"{HEADER}d,1,Kühl\nd,\0002,warm\n")
    assert [fields[1] for _, fields, _ in rows_of(file)] == ["1", "\0002"]


def test_latin_1_read_as_utf_8_names_every_line(file: Path) -> None:
    written(file, f"{HEADER}d,1,Kühl\nd,2,warm\nd,3,Gerät\n", "latin-1")
    bad = {line: problem for line, _, problem in rows_of(file) if problem}
    assert list(bad) == [2, 4]
    assert "is not UTF-8; name the file's encoding (--encoding)" in bad[2]


def test_latin_1_read_as_what_it_is(file: Path) -> None:
    written(file, f"{HEADER}d,1,Kühl\n", "latin-1")
    assert rows_of(file, encoding="latin-1") == [(2, ["d", "1", "Kühl"], "")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n\r\n", "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG image"),
        (b"%PDF-1.7", "a PDF document"),
        (b"a,b\n\0\0\x01\x02", "binary data"),
        (bytes(range(1, 32)) * 9, "binary data"),
        (b"PK\x03\x04 no workbook", "is not a workbook that can be read"),
        (b'a,b\n1,"2\n3,4\n', "line 2: a quotation mark is opened there and not closed"),
        (b'a,b\n1,2\n1,"' + b"2,3\n" * 100_000, "line 3: a quotation mark is opened there and not closed"),
    ],
)
def test_what_is_no_sheet_says_what_it_is(file: Path, content: bytes, said: str) -> None:
    file.write_bytes(content)
    with pytest.raises(SheetProblem, match=said.replace("(", r"\(")):
        rows_of(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SheetProblem, match="There is no file"):
        open_sheet(tmp_path / "none.csv")
    with pytest.raises(SheetProblem, match="is not a file"):
        open_sheet(tmp_path)


@pytest.mark.parametrize(
    "layout", [{"encoding": "latin-99"}, {"encoding": "undefined"}, {"delimiter": "ab"}, {"sheet": "Stock"}]
)
def test_a_layout_that_cannot_be(file: Path, layout: dict[str, str]) -> None:
    written(file, "a,b\n")
    with pytest.raises(SheetProblem):
        open_sheet(file, **layout)


def test_a_sheet_can_be_read_twice_and_tells_how_far_it_is(file: Path) -> None:
    sheet = open_sheet(written(file, "a,b\n1,2\n"))
    assert list(sheet.rows()) == list(sheet.rows())
    assert sheet.position == sheet.size
