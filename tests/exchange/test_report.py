"""Workbooks are written so that what was written can be read, whatever it looks like."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from python_calamine import load_workbook

from stockline.exchange import report
from stockline.exchange.report import ReportSheet, write_report


def test_texts_stay_texts(tmp_path: Path) -> None:
    path = tmp_path / "report.xlsx"
    rows = [("=1+1", "00012", 3, Decimal("1.5"), None), ("http://x", "x" * 40_000, None, None, "")]
    write_report(path, [ReportSheet("Found", ["a", "b", "c", "d", "e"], rows), ReportSheet("None", ["a"], [])])
    book = load_workbook(path)
    assert book.sheet_names == ["Found", "None"]
    header, first, second = book.get_sheet_by_name("Found").to_python()
    assert header == ["a", "b", "c", "d", "e"]
    assert first[:4] == ["=1+1", "00012", 3.0, 1.5]
    assert second[0] == "http://x"
    assert len(str(second[1])) == 32_767


def test_points_in_time_are_such(tmp_path: Path) -> None:
    path, began = tmp_path / "report.xlsx", datetime(2024, 3, 2, 9, 5, 7)  # noqa: DTZ001 - a sheet has no zones
    write_report(path, [ReportSheet("Found", ["began"], [(began,)])])
    assert load_workbook(path).get_sheet_by_name("Found").to_python()[1] == [began]


def test_more_rows_than_a_sheet_holds_go_on_in_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "ROWS", 11)
    path = tmp_path / "report.xlsx"
    write_report(path, [ReportSheet("Found", ["n"], [(n,) for n in range(25)])])
    book = load_workbook(path)
    assert book.sheet_names == ["Found", "Found 2", "Found 3"]
    assert [len(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names] == [11, 11, 6]


def test_a_place_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such"):
        write_report(tmp_path / "none" / "report.xlsx", [])
