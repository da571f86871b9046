"""Requests with a key may be sent again: nothing is posted twice, whoever sends and however often."""

from collections.abc import Iterator
from functools import partial

import pytest

import stockline
from stockline import Code, OrderLine, Posting, Refusal, Stockline
from tests.support.warehouse import at_once


@pytest.fixture
def stock(database_url: str) -> Iterator[Stockline]:
    with stockline.open(database_url) as stock:
        stock.create_item("NAIL")
        stock.create_site("EAST")
        yield stock


def test_the_same_request_is_answered_as_before(stock: Stockline) -> None:
    first = stock.adjust("NAIL", "EAST", 5, key="K1")
    assert stock.adjust("NAIL", "EAST", 5, key="K1") == first
    assert stock.quantity_on_hand("NAIL") == 5
    stock.adjust("NAIL", "EAST", 5, key="K2")
    assert stock.quantity_on_hand("NAIL") == 10


def test_another_content_under_the_same_key_is_refused(stock: Stockline) -> None:
    stock.adjust("NAIL", "EAST", 5, key="K1")
    for again in (partial(stock.adjust, "NAIL", "EAST", 6), partial(stock.count, "NAIL", "EAST", [])):
        with pytest.raises(Refusal) as refused:
            again(key="K1")
        assert refused.value.code == Code.INVALID
    assert stock.quantity_on_hand("NAIL") == 5


def test_what_was_refused_may_be_sent_again(stock: Stockline) -> None:
    stock.create_order("SO1", "sale", site="EAST", lines=[OrderLine(item="NAIL", quantity=1)])
    with pytest.raises(Refusal):
        stock.post("SO1", quantities={"SO1/1": 2}, key="K1")
    posted = stock.post("SO1", quantities={"SO1/1": 1}, key="K1")
    undone = stock.undo(posted.number, key="K2")
    assert stock.undo(posted.number, key="K2") == undone
    assert stock.line("SO1/1").handled == 0


def test_sent_by_many_at_once_it_is_done_once(stock: Stockline) -> None:
    answers = at_once([partial(stock.adjust, "NAIL", "EAST", 5, key="K1")] * 4)
    assert len({answer.number for answer in answers if isinstance(answer, Posting)}) == 1
    assert all(isinstance(answer, Posting) for answer in answers), answers
    assert stock.quantity_on_hand("NAIL") == 5


@pytest.mark.parametrize("key", ["", "k" * 51])
def test_a_key_has_1_to_50_characters(stock: Stockline, key: str) -> None:
    with pytest.raises(Refusal):
        stock.adjust("NAIL", "EAST", 5, key=key)
