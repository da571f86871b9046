"""Stockline as a library: what five minutes with it look like, and what it says when it refuses."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

import stockline
from stockline import (
    Code,
    FoundSerial,
    FoundStockLine,
    OrderLine,
    Refusal,
    Stockline,
    TrackingCode,
    TrackingRow,
    UnusableDatabase,
    WarningCode,
    results,
)
from stockline.store.provision import OutdatedDatabase
from tests.support.warehouse import TODAY, furnish, order, receive, serials


@pytest.fixture
def stock(database_url: str) -> Iterator[Stockline]:
    with stockline.open(database_url, today=TODAY) as opened:
        furnish(opened)
        yield opened


# ------------------------------------------------------------------ five minutes


def test_five_minutes(database_url: str) -> None:
    """Set up, receive in two parts, issue, ask: and all of it is still there the next day."""
    with stockline.open(database_url, today=TODAY) as stock:
        stock.create_item("BIKE", tracking=TrackingCode(serial="specific"), units={"BOX": 2})
        stock.create_site("EAST", locations=["A"])
        stock.create_order("PO1", "purchase", site="EAST", lines=[OrderLine(item="BIKE", quantity=2, unit="BOX")])
        closed = stock.track("PO1/1", serials("S", 4))
        assert closed.rows == closed.source.quantity == 4
        assert closed.undefined.quantity == 0

        first = stock.post("PO1", quantities={"PO1/1": 2})
        assert (first.entries, first.entry, first.warnings) == (4, None, ())
        line = stock.line("PO1/1")
        assert line.quantity == line.handled == 2
        assert line.outstanding == line.invoiced == 0
        assert stock.post("PO1", handle=False, invoice=True).entries == 0
        assert stock.line("PO1/1").invoiced == 2

        stock.create_order("SO1", "sale", site="EAST", lines=[OrderLine(item="BIKE", quantity=1)])
        stock.track("SO1/1", [TrackingRow("S3")])
        sold = stock.post("SO1", date=TODAY + dt.timedelta(days=1))

    with stockline.open(database_url, today=TODAY) as stock:
        assert stock.quantity_on_hand("BIKE", site="EAST") == 3
        assert stock.quantity_on_hand("BIKE", serial="S3") == 0
        assert stock.serial("BIKE", "S1").site == "EAST"
        assert not stock.serial("BIKE", "S3").on_hand
        (entry,) = stock.ledger(order="SO1")
        assert (entry.number, entry.serial, entry.open) == (sold.entry, "S3", False)
        assert entry.quantity == -1
        assert entry.date == TODAY + dt.timedelta(days=1)
        (bought,) = (one for one in stock.ledger(order="PO1") if one.serial == "S3")
        assert stock.applied(entry.number, bought.number) == 1
        assert stock.control() == []
        assert stock.sync_state("EAST", "BIKE").verdict == "synchronized"


def test_the_example_of_the_module_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The documentation shows code that works."""
    monkeypatch.chdir(tmp_path)
    documentation = stockline.service.__doc__ or ""
    lines = documentation.splitlines()
    code = "\n".join(line.removeprefix("    ") for line in lines if line.startswith("    "))
    assert "stock.post(" in code
    exec(compile(code, "the example", "exec"), {})
    with stockline.open("stock.db") as stock:
        assert stock.quantity_on_hand("BIKE") == 2


# ------------------------------------------------------------------ refusals and warnings


def test_every_bad_row_is_named_and_nothing_else(stock: Stockline) -> None:
    receive(stock, "PO1", "BIKE", [TrackingRow("S7"), TrackingRow("S500"), TrackingRow("S1000")], site="WEST")
    order(stock, "PO2", "purchase", [("BOLT", 1, []), ("BIKE", 1000, serials("S", 1000))])
    before = stock.snapshot()
    with pytest.raises(Refusal) as caught:
        stock.post("PO2")
    refusal = caught.value
    assert refusal.code == Code.SERIAL_ALREADY_IN_STOCK
    assert [finding.serial for finding in refusal.findings] == ["S7", "S500", "S1000"]
    for finding in refusal.findings:
        assert (finding.line, finding.item, finding.site) == ("PO2/2", "BIKE", "EAST")
        assert finding.facts["there_site"] == "WEST"
        assert finding.message == f"Serial {finding.serial} of BIKE is in stock already, at WEST."
    assert stock.snapshot() == before


def test_a_refusal_reads_as_a_sentence(stock: Stockline) -> None:
    receive(stock, "PO1", "BIKE", serials("S", 9))
    order(stock, "PO2", "purchase", [("BIKE", 9, serials("S", 9))])
    with pytest.raises(Refusal) as caught:
        stock.post("PO2")
    said = str(caught.value)
    assert said.startswith("serial_already_in_stock: Serial S1 of BIKE is in stock already, at EAST.; Serial S2")
    assert said.endswith(" and 4 more")
    assert str(Refusal(Code.NOTHING_TO_POST)) == "nothing_to_post: There is nothing to post."


def test_rows_that_cannot_be_read_are_named_by_their_place(stock: Stockline) -> None:
    order(stock, "PO1", "purchase", [("BIKE", 5, []), ("PAINT", 5, [])])
    wrong = [
        TrackingRow("A"),
        TrackingRow("B", quantity="1,5"),
        TrackingRow("C"),
        TrackingRow("x" * 51),
        TrackingRow("E"),
    ]
    with pytest.raises(Refusal) as caught:
        stock.track("PO1/1", wrong)
    assert caught.value.code == Code.INVALID
    assert [(one.line, one.row) for one in caught.value.findings] == [("PO1/1", 2), ("PO1/1", 4)]
    with pytest.raises(Refusal) as caught:
        stock.track("PO1/2", [TrackingRow(lot="L", quantity=-1), TrackingRow(lot="M", quantity=1, handle=2)])
    assert [one.row for one in caught.value.findings] == [1, 2]
    assert stock.tracking("PO1/1").rows == []


def test_every_bad_line_of_an_order_is_named(stock: Stockline) -> None:
    lines = [
        OrderLine(item="BIKE", quantity=1),
        OrderLine(item="KITE", quantity=1),
        OrderLine(item="BOLT", quantity=1, site="NORTH"),
        OrderLine(item="BOLT", quantity="many"),
    ]
    with pytest.raises(Refusal) as caught:
        stock.create_order("PO1", "purchase", site="EAST", lines=lines)
    assert caught.value.code == Code.NOT_FOUND
    assert [one.line for one in caught.value.findings] == ["PO1/2", "PO1/3"]
    with pytest.raises(Refusal, match="There is no line PO1/1"):
        stock.line("PO1/1")


def test_warnings_come_with_the_result(stock: Stockline) -> None:
    order(stock, "PO1", "purchase", [("PAINT", "5.5", [])])
    closed = stock.track("PO1/1", [TrackingRow(lot="L1", quantity=2)])
    (warning,) = closed.warnings
    assert warning.code == WarningCode.TRACKING_UNDEFINED
    assert warning.message == "A part of the line's quantity has no tracking number."
    assert [(one.line, one.facts["undefined"]) for one in warning.findings] == [("PO1/1", Decimal("3.5"))]
    assert stock.track("PO1/1", [TrackingRow(lot="L1", quantity="5.5")]).warnings == []


def test_floats_are_refused_wherever_a_quantity_is_given(stock: Stockline) -> None:
    receive(stock, "PO1", "BIKE", serials("S", 2))
    order(stock, "PO2", "purchase", [("PAINT", 2, [])])
    before = stock.snapshot()
    half: int = 0.5  # type: ignore[assignment]
    attempts: list[Callable[[], object]] = [
        lambda: stock.create_item("X", rounding=half),
        lambda: stock.create_item("X", units={"BOX": half}),
        lambda: order(stock, "PO3", "purchase", [("BOLT", half, [])]),
        lambda: stock.track("PO2/1", [TrackingRow(lot="L", quantity=half)]),
        lambda: stock.track("PO2/1", [TrackingRow(lot="L", quantity=1, handle=half)]),
        lambda: stock.post("PO2", quantities={"PO2/1": half}),
        lambda: stock.adjust("BOLT", "EAST", half),
        lambda: stock.change_line("PO2/1", quantity=half),
        lambda: stock.load(stock_lines=[FoundStockLine(item="BOLT", site="EAST", quantity=half)]),
    ]
    for number, attempt in enumerate(attempts):
        with pytest.raises(Refusal) as caught:
            attempt()
        assert caught.value.code == Code.INVALID, number
        assert "0.5" in str(caught.value), number
    assert stock.snapshot() == before


NOTHING_THERE: dict[str, Callable[[Stockline], object]] = {
    "post 1": lambda stock: stock.post("NONE"),
    "post 2": lambda stock: stock.post([]),
    "track 1": lambda stock: stock.track("NONE/1", []),
    "tracking 1": lambda stock: stock.tracking("NONE"),
    "specification 1": lambda stock: stock.specification("PO1/2"),
    "line 1": lambda stock: stock.line("PO1/x"),
    "adjust 1": lambda stock: stock.adjust("NONE", "EAST", 1),
    "adjust 2": lambda stock: stock.adjust("BOLT", "NONE", 1),
    "delete order 1": lambda stock: stock.delete_order("NONE"),
    "delete line 1": lambda stock: stock.delete_line("PO1/9"),
    "change item 1": lambda stock: stock.change_item("NONE", rounding=1),
    "serial 1": lambda stock: stock.serial("BIKE", "NONE"),
    "control 1": lambda stock: stock.control(site="NONE"),
    "control 2": lambda stock: stock.control(only=["everything"]),
    "quantity on hand 1": lambda stock: stock.quantity_on_hand("NONE"),
    "sync state 1": lambda stock: stock.sync_state("EAST", "BOLT"),
    "load 1": lambda stock: stock.load(serials=[FoundSerial(item="NONE", serial="S")]),
    "set information card 1": lambda stock: stock.set_information_card("lot", "NONE", "L1"),
}


@pytest.mark.parametrize("name", NOTHING_THERE)
def test_what_does_not_exist_is_refused_and_changes_nothing(stock: Stockline, name: str) -> None:
    order(stock, "PO1", "purchase", [("BOLT", 1, [])])
    before = stock.snapshot()
    with pytest.raises(Refusal) as caught:
        NOTHING_THERE[name](stock)
    assert caught.value.code in (Code.NOT_FOUND, Code.INVALID, Code.SERIAL_UNKNOWN, Code.NOTHING_TO_POST)
    assert caught.value.findings
    assert stock.snapshot() == before


# ------------------------------------------------------------------ transactions and databases


def test_calls_can_be_made_one_transaction(stock: Stockline) -> None:
    before = stock.snapshot()
    with pytest.raises(ZeroDivisionError), stock.transaction():
        receive(stock, "PO1", "BIKE", serials("S", 3))
        assert stock.quantity_on_hand("BIKE") == 3
        raise ZeroDivisionError
    assert stock.snapshot() == before
    with stock.transaction():
        receive(stock, "PO1", "BIKE", serials("S", 3))
        with pytest.raises(Refusal):
            receive(stock, "PO2", "BIKE", serials("S", 4))
        stock.adjust("BOLT", "EAST", 1)
    assert stock.quantity_on_hand("BIKE") == 3
    assert stock.quantity_on_hand("BOLT") == 1
    assert stock.line("PO2/1").handled == 0
    assert stock.control() == []


def test_a_path_a_url_and_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for target in (tmp_path / "a.db", "b.db", f"sqlite:///{tmp_path / 'c.db'}", "sqlite:///d.db"):
        with stockline.open(target) as stock:
            stock.create_site("EAST")
    assert {path.name for path in tmp_path.glob("*.db")} == {"a.db", "b.db", "c.db", "d.db"}
    for target in ("a.db", "b.db", "c.db", tmp_path / "d.db"):
        with stockline.open(target) as stock, pytest.raises(Refusal, match="EAST"):
            stock.create_site("EAST")
    for target in (":memory:", "sqlite://"):
        with stockline.open(target) as stock:
            furnish(stock)
            assert stock.adjust("BOLT", "EAST", 1).entries == 1
            assert stock.quantity_on_hand("BOLT") == 1
    assert not (tmp_path / ":memory:").exists()


def test_an_outdated_database_is_refused_until_it_is_upgraded(database_url: str) -> None:
    stockline.open(database_url).close()
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    engine.dispose()
    with pytest.raises(
        OutdatedDatabase, match=r"is at version 0000, this Stockline needs \w+: run `stockline database upgrade`"
    ):
        stockline.open(database_url)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("notes.txt", "The database notes.txt cannot be opened: file is not a database."),
        ("nowhere/stock.db", "The database nowhere/stock.db cannot be opened: unable to open database file."),
        ("nonsense://ann:secret@here", "The database nonsense://ann:***@here cannot be opened: "),
        ("postgresql://ann:secret@localhost:none/stock", "The database postgresql://ann:***@localhost:none/stock can"),
    ],
)
def test_what_is_no_database_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("Nothing but a few words, again and again. " * 50)
    with pytest.raises(UnusableDatabase, match=re.escape(said)):
        stockline.open(target)


def test_the_work_date_is_fixed_or_asked_for(tmp_path: Path) -> None:
    days = iter(TODAY + dt.timedelta(days=number) for number in range(10))
    with stockline.open(tmp_path / "a.db", today=lambda: next(days)) as stock:
        furnish(stock)
        first = stock.adjust("BOLT", "EAST", 1)
        second = stock.adjust("BOLT", "EAST", 1)
        dates = [stock.ledger(posting=one.number)[0].date for one in (first, second)]
        assert dates == [TODAY, TODAY + dt.timedelta(days=1)]


def test_everything_public_is_exported() -> None:
    assert sorted(stockline.__all__) == list(stockline.__all__)
    for name in stockline.__all__:
        assert hasattr(stockline, name)
    assert {name for name in results.__all__ if not name.isupper()} <= set(stockline.__all__)


def test_two_snapshots_are_equal_when_nothing_has_changed(stock: Stockline) -> None:
    before = stock.snapshot()
    assert stock.snapshot() == before
    stock.set_information_card("lot", "PAINT", "L1")
    assert stock.snapshot() != before
