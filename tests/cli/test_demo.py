"""The demo works, and what it says it does is what it leaves."""

from pathlib import Path

import stockline
from tests.cli.conftest import Run


def test_the_demo(folder: Path, run: Run) -> None:
    result = run("demo", "--directory", "here")
    assert result.exit_code == 0, result.output
    for said in (
        "serial_already_in_stock",
        "not_in_stock",
        "surplus_serials",
        "missing_serials",
        "duplicate_link",
        "Saved as run",
    ):
        assert said in result.output
    with stockline.open(str(folder / "here" / "demo.db")) as stock:
        left = stock.control()
        assert {(finding.item, finding.finding, finding.site) for finding in left} == {
            ("BATTERY-500", "missing_serials", "OLDTOWN"),
        }
    assert (folder / "here" / "resync.xlsx").exists()


def test_it_can_be_told_again(run: Run) -> None:
    first = run("demo")
    assert run("demo").output == first.output
