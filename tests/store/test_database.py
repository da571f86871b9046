"""Transactions: whole or not at all, and never lost to others running beside them."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Event

import pytest
from sqlalchemy import event, func, insert, literal, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

import stockline
from stockline import Code, Refusal
from stockline.schema.catalog import counter
from stockline.store import database as store
from stockline.store.database import Database, Transaction, parse_url
from stockline.store.provision import ensure_current
from tests.support.postgres import fresh_database
from tests.support.warehouse import at_once


def put(name: str, value: int = 1) -> Callable[[Transaction], None]:
    """Work that writes a row."""

    def work(transaction: Transaction) -> None:
        transaction.execute(insert(counter).values(name=name, value=value))

    return work


def raise_one(name: str) -> Callable[[Transaction], None]:
    """Work that adds one to a row, and so holds it until its transaction ends."""

    def work(transaction: Transaction) -> None:
        transaction.execute(update(counter).where(counter.c.name == name).values(value=counter.c.value + 1))

    return work


def values(database: Database) -> dict[str, int]:
    query = select(counter.c.name, counter.c.value).where(counter.c.name != "batch")
    return database.read(lambda transaction: {row.name: row.value for row in transaction.execute(query)})


def fail() -> None:
    raise RuntimeError("nothing of this may stay")


# ------------------------------------------------------------------ whole or not at all


def test_what_is_written_is_kept_and_answered(database: Database) -> None:
    def work(transaction: Transaction) -> str:
        put("a")(transaction)
        return "done"

    assert database.write(work) == "done"
    assert values(database) == {"a": 1}


def test_an_exception_leaves_nothing(database: Database) -> None:
    def work(transaction: Transaction) -> None:
        put("a")(transaction)
        fail()

    with pytest.raises(RuntimeError):
        database.write(work)
    assert values(database) == {}


def test_nobody_sees_it_before_it_is_committed(database: Database) -> None:
    with database.transaction() as transaction:
        put("a")(transaction)
        (seen,) = at_once([lambda: values(database)])
        assert seen == {}
        assert values(database) == {"a": 1}
    assert at_once([lambda: values(database)]) == [{"a": 1}]


def test_a_refusal_within_undoes_only_its_own_work(database: Database) -> None:
    def refused(transaction: Transaction) -> None:
        put("b")(transaction)
        raise Refusal(Code.INVALID)

    with database.transaction():
        database.write(put("a"))
        with pytest.raises(Refusal):
            database.write(refused)
        database.write(put("c"))
    assert values(database) == {"a": 1, "c": 1}


def test_a_broken_statement_within_undoes_only_its_own_work(database: Database) -> None:
    with database.transaction():
        database.write(put("a"))
        with pytest.raises(IntegrityError):
            database.write(put("a"))
        database.write(put("b"))
    assert values(database) == {"a": 1, "b": 1}


def test_an_exception_that_leaves_the_transaction_undoes_all_of_it(database: Database) -> None:
    with pytest.raises(RuntimeError), database.transaction():
        database.write(put("a"))
        database.write(put("b"))
        fail()
    assert values(database) == {}
    database.write(put("a"))
    assert values(database) == {"a": 1}


def test_a_transaction_within_another_is_a_part_of_it(database: Database) -> None:
    with database.transaction():
        database.write(put("a"))
        with pytest.raises(RuntimeError), database.transaction():
            database.write(put("b"))
            fail()
        with database.transaction():
            database.write(put("c"))
        database.write(put("d"))
    assert set(values(database)) == {"a", "c", "d"}
    with pytest.raises(RuntimeError), database.transaction():
        with database.transaction():
            database.write(put("e"))
        fail()
    assert set(values(database)) == {"a", "c", "d"}


def test_a_transaction_is_its_threads_own(database: Database) -> None:
    """Another thread does not join it: it reads what is committed, and its work is its own."""
    if database.dialect.name == "sqlite":  # one writer at a time: the other waits until this one is done
        with database.transaction():
            database.write(put("a"))
            assert at_once([lambda: values(database)]) == [{}]
        database.write(put("b"))
    else:
        with pytest.raises(RuntimeError), database.transaction():
            database.write(put("c"))
            at_once([lambda: [database.write(put(name)) for name in "ab"]])
            fail()
    assert values(database) == {"a": 1, "b": 1}


def test_in_memory_all_threads_share_one_database() -> None:
    database = Database(parse_url("sqlite://"))
    ensure_current(database)
    database.write(put("a", 0))
    at_once([lambda: [database.write(raise_one("a")) for _ in range(50)]] * 4)
    assert values(database) == {"a": 200}
    database.close()


# ------------------------------------------------------------------ beside others


def test_a_deadlock_is_tried_again(postgres: str) -> None:
    """Two transactions take the same rows in opposite order; both are done, one of them twice."""
    with fresh_database(postgres) as url:
        database = Database(parse_url(url))
        ensure_current(database)
        for name in "ab":
            database.write(put(name, 0))
        both_hold_one, attempts = Barrier(2), list[str]()

        def takes(first: str, second: str) -> None:
            def work(transaction: Transaction) -> None:
                attempts.append(first)
                transaction.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
                raise_one(first)(transaction)
                if attempts.count(first) == 1:
                    both_hold_one.wait(20)
                raise_one(second)(transaction)

            database.write(work)

        assert at_once([lambda: takes("a", "b"), lambda: takes("b", "a")]) == [None, None]
        assert values(database) == {"a": 2, "b": 2}
        assert len(attempts) > 2
        database.close()


def test_an_error_that_is_nobody_elses_fault_is_not_tried_again(database: Database) -> None:
    attempts = []

    def work(transaction: Transaction) -> None:
        attempts.append(1)
        transaction.execute(text("SELECT * FROM no_such_table"))

    with pytest.raises(DBAPIError):
        database.write(work)
    assert len(attempts) == 1


def test_patience_ends(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "ATTEMPTS", 3)
    monkeypatch.setattr(database.dialect, "should_retry", lambda *_: True)
    attempts = []

    def work(transaction: Transaction) -> None:
        attempts.append(1)
        transaction.execute(text("SELECT * FROM no_such_table"))

    with pytest.raises(DBAPIError):
        database.write(work)
    assert len(attempts) == 3


def test_a_key_that_another_has_just_taken_is_looked_at_again(postgres: str) -> None:
    """Two make the same thing at once: the second finds it there at its second attempt, and can say so."""
    with fresh_database(postgres) as url:
        database = Database(parse_url(url))
        ensure_current(database)
        neither_sees_it = Barrier(2)

        def work(transaction: Transaction) -> None:
            there = transaction.execute(select(counter.c.value).where(counter.c.name == "a")).first()
            if there:
                raise Refusal(Code.INVALID)
            try:
                neither_sees_it.wait(20)
            except BrokenBarrierError:
                fail()
            put("a")(transaction)

        answers = at_once([lambda: database.write(work)] * 2)
        assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "Refusal"]
        database.close()


def test_a_busy_database_is_tried_again(tmp_path: Path) -> None:
    """Without SQLite's own waiting, whoever comes while another writes is turned away, and comes again."""
    database = Database(parse_url(tmp_path / "busy.db"))
    turned_away = []

    def patient(error: DBAPIError, attempt: int) -> bool:
        turned_away.append(error)
        return real(error, attempt)

    real = database.dialect.should_retry
    database.dialect.should_retry = patient  # type: ignore[method-assign]
    event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 0"))
    ensure_current(database)
    database.write(put("a", 0))
    answers = at_once([lambda: [database.write(raise_one("a")) for _ in range(20)]] * 4)
    assert answers == [[None] * 20] * 4
    assert values(database) == {"a": 80}
    assert turned_away
    database.close()


BUSY_WRITER = """
import sys
import stockline
with stockline.open(sys.argv[1]) as stock:
    for _ in range(15):
        stock.adjust("BOLT", "EAST", 1)
"""


def test_processes_share_a_database(database_url: str) -> None:
    with stockline.open(database_url) as stock:
        stock.create_site("EAST")
        stock.create_item("BOLT")
        writers = [
            subprocess.Popen([sys.executable, "-c", BUSY_WRITER, database_url], stderr=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        complaints = [writer.communicate(timeout=60)[1] for writer in writers]
        assert complaints == ["", "", ""]
        assert stock.quantity_on_hand("BOLT") == 45
        assert stock.control() == []


def test_numbers_grow_and_never_meet(database: Database) -> None:
    def take() -> list[int]:
        return [database.write(lambda transaction: transaction.next_number()) for _ in range(20)]

    taken = [numbers for numbers in at_once([take] * 4) if isinstance(numbers, list)]
    assert all(numbers == sorted(numbers) for numbers in taken)
    assert len({number for numbers in taken for number in numbers}) == 80


# ------------------------------------------------------------------ works that read whole tables


def test_two_works_are_read_at_a_time(database: Database) -> None:
    both_read = Barrier(2)

    def meet(transaction: Transaction) -> Transaction:
        both_read.wait(timeout=30)
        return transaction

    one, other = database.read_each([meet, meet])
    assert one.connection is not other.connection


def test_works_on_a_database_in_memory_are_one_transaction() -> None:
    with closing(Database(parse_url(":memory:"))) as database:
        ensure_current(database)
        one, other = database.read_each([lambda transaction: transaction] * 2)
        assert one is other
        assert database.parts == 1


def test_an_answer_is_looked_at_while_others_are_read(database: Database) -> None:
    looked_at = Event()
    works = [lambda _: True, lambda _: looked_at.wait(timeout=30)]
    answers = database.read_each(works)
    assert next(answers)
    looked_at.set()
    assert next(answers)


def test_answers_of_works_come_in_their_order(database: Database) -> None:
    numbers = range(10)
    works = [lambda transaction, n=n: int(transaction.execute(select(literal(n))).scalar_one()) for n in numbers]
    assert list(database.read_each(works)) == list(numbers)


def test_works_inside_a_transaction_see_what_it_has_written(database: Database) -> None:
    count = select(func.count()).where(counter.c.name == "a")
    works = [lambda transaction: int(transaction.execute(count).scalar_one())] * 3
    with database.transaction() as transaction:
        put("a")(transaction)
        assert list(database.read_each(works)) == [1, 1, 1]
        assert database.parts == 1


def test_a_work_that_fails_keeps_the_rest_from_beginning(database: Database) -> None:
    begun = []

    def take_long(transaction: Transaction) -> None:
        begun.append(transaction)
        time.sleep(0.05)

    with pytest.raises(RuntimeError):
        list(database.read_each([lambda _: fail(), *[take_long] * 50]))
    assert len(begun) < 50
