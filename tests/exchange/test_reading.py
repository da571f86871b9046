"""Every bad row is named with its line, its code and a reason; the others are kept."""

from decimal import Decimal
from pathlib import Path
from time import process_time

import pytest

from stockline.codes import Code
from stockline.exchange.mapping import Mapping
from stockline.exchange.sheets import SheetProblem
from tests.exchange.files import DRIVES, drives, read, reasons, written

HEADER = "date,serial_number,model,quantity,lot,expires\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "drives.csv"


@pytest.mark.parametrize(
    ("row", "code", "reason"),
    [
        ("2013-04-10,,A,1,L,", Code.SERIAL_REQUIRED, "the serial is empty"),
        ("2013-04-10,S1,,1,L,", Code.INVALID, "the item is empty"),
        ("2013-04-10,S1,A,1,,", Code.LOT_REQUIRED, "the lot is empty"),
        ("2013-04-10,S1,A,2,L,", Code.SERIAL_QUANTITY_NOT_ONE, "the serial S1 stands for 1, not for 2"),
        ('2013-04-10,S1,A,"1,5",L,', Code.INVALID, "'1,5' is not a number; write a decimal point"),
        ("2013-04-10,S1,A,one,L,", Code.INVALID, "'one' is not a number"),
        ("2013-04-10,S1,A,-1,L,", Code.INVALID, "the quantity -1 is not greater than 0"),
        ("2013-04-10,S1,A,0.000001,L,", Code.INVALID, "more than 5 decimals"),
        ("2013-04-10,S1,A,,L,", Code.INVALID, "the quantity is empty"),
        ("10.04.2013,S1,A,1,L,", Code.INVALID, "'10.04.2013' is not a date; write it as in 2013-04-10"),
        (",S1,A,1,L,", Code.INVALID, "the date is empty"),
        ("2013-02-30,S1,A,1,L,", Code.INVALID, "'2013-02-30' is not a date"),
        (f"2013-04-10,{'9' * 51},A,1,L,", Code.INVALID, "has 51 characters, 50 are allowed"),
        ("2013-04-10,S\t1,A,1,L,", Code.INVALID, "holds a control character"),
        ("2013-04-10,1.23E+17,A,1,L,", Code.INVALID, "has been rounded by a spreadsheet"),
        ("2013-04-10,S1,A,1,L0,2014-13-01", Code.INVALID, "is not a date"),
        (
            "2013-04-10,S1,A,1,L0,2015-01-01",
            Code.EXPIRATION_CONFLICT,
            "expires 2015-01-01, but 2014-01-01 according to",
        ),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_kept(file: Path, row: str, code: Code, reason: str) -> None:
    written(file, f"{HEADER}2013-04-10,S0,A,1,L0,2014-01-01\n{row}\n2013-04-10,S2,A,1,L2,\n")
    mapping = Mapping(
        item="model",
        serial="serial_number",
        lot="lot",
        quantity="quantity",
        date="date",
        expires="expires",
        site="=EAST",
    )
    reading = read(file, mapping)
    assert [(bad.line, bad.code) for bad in reading.bad] == [(3, code)]
    assert reason in reading.bad[0].reason
    assert reading.movements.serial == ["S0", "S2"]
    assert reading.read == 3


def test_a_repeated_serial_names_both_lines_and_the_first_is_kept(file: Path) -> None:
    written(file, "date,serial_number,model\n2013-04-10,S1,A\n2013-04-10,S2,A\n2013-04-10, S1 ,A\n2013-04-10,S1,B\n")
    reading = read(file)
    assert reasons(reading) == {4: "the serial S1 of A stands in line 2 already"}
    assert len(reading.movements) == 3


def test_repeated_serials_that_contradict_each_other_are_both_refused(file: Path) -> None:
    written(file, "model,serial_number,lot\nA,S1,L1\nA,S1,L2\n")
    reading = read(file, Mapping(item="model", serial="serial_number", lot="lot", site="=EAST"))
    assert reasons(reading) == {
        2: "the serial S1 of A stands in line 3 too, with other values",
        3: "the serial S1 of A stands in line 2 already",
    }
    assert len(reading.movements) == 0


def test_31_000_rows_with_3_bad_ones(file: Path) -> None:
    def spoil(line: int, fields: list[str]) -> list[str]:
        return {10: ["2013-04-10", "", "A"], 20_000: fields[:2], 31_001: ["2013-04-10", "Z000000002", "ST2000"]}.get(
            line, fields
        )

    reading = read(drives(file, 31_000, change=spoil))
    assert reading.read == 31_000
    assert reasons(reading) == {
        10: "the serial is empty",
        20_000: "2 fields, but the header has 3",
        31_001: "the serial Z000000002 of ST2000 stands in line 2 already",
    }
    assert len(reading.movements) == 30_997


def test_two_million_rows(file: Path) -> None:
    before = process_time()
    reading = read(drives(file, 2_000_000))
    assert len(reading.movements) == 2_000_000
    assert not reading.bad
    assert process_time() - before < 60


def test_a_missing_column_is_answered_with_the_nearest_and_all_there_are(file: Path) -> None:
    drives(file, 1)
    mapping = Mapping(item="modell", serial="serial number", site="=EAST", where=(("colour", "red"),))
    with pytest.raises(SheetProblem) as caught:
        read(file, mapping)
    assert str(caught.value) == (
        "There is no column 'modell'. Did you mean 'model'? There is no column 'serial number'. "
        "Did you mean 'serial_number'? There is no column 'colour'. The columns are: date, serial_number, model."
    )


def test_a_column_that_stands_twice_in_the_header(file: Path) -> None:
    written(file, "model,serial_number,model\nA,S1,B\n")
    with pytest.raises(SheetProblem, match="has the column 'model' 2 times"):
        read(file, Mapping(item="model", serial="serial_number"))


def test_columns_are_found_whatever_their_case(file: Path) -> None:
    written(file, "Model , SERIAL\nA,S1\n")
    assert len(read(file, Mapping(item="model", serial="serial")).movements) == 1


def test_the_same_text_for_all_rows(file: Path) -> None:
    movements = read(drives(file, 2)).movements
    assert {place.site for place in movements.places} == {"EAST"}
    with pytest.raises(SheetProblem, match="--site =TEXT"):
        read(file, Mapping(item="model", serial="serial_number", site="="))


def test_rows_are_filtered(file: Path) -> None:
    drives(file, 72)
    reading = read(file, Mapping(item="model", serial="serial_number", where=(("model", "ST2000"),)))
    assert reading.read == 2
    assert list(reading.movements.line) == [2, 38]


def test_an_import_has_one_date(file: Path) -> None:
    drives(file, 9, change=lambda line, fields: ["2013-04-11" if line == 7 else "2013-04-10", *fields[1:]])
    with pytest.raises(
        SheetProblem, match=r"holds 2 dates: 2013-04-10 \(first in line 2\), 2013-04-11 \(first in line 7\)"
    ):
        read(file)
    assert (
        str(read(file, Mapping(item="model", serial="serial_number", date="=2013-04-12")).movements.date)
        == "2013-04-12"
    )


def test_quantities_are_exact(file: Path) -> None:
    written(file, "item,quantity\nA,0.1\nA,0.2\nB,3\n")
    movements = read(file, Mapping(item="item", quantity="quantity")).movements
    lines = [movements.order_line(place, rows, kind=None) for place, rows in movements.by_place().items()]
    assert [(line.item, line.quantity) for line in lines] == [("A", Decimal("0.3")), ("B", 3)]


def test_the_mapping_of_the_real_file(file: Path) -> None:
    movements = read(drives(file, 100), DRIVES).movements
    assert len(movements.by_place()) == 36
    assert str(movements.date) == "2013-04-10"
