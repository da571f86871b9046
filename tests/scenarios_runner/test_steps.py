import datetime as dt

import pytest

from stockline.codes import Code, WarningCode
from stockline.results import Counted
from stockline.scenarios.problems import UnknownOperation
from stockline.scenarios.scene import Scene
from tests.scenarios_runner.conftest import Play
from tests.scenarios_runner.fake import FakeStock, posting, refusal, result, warned


def test_a_refusal_that_is_expected(play: Play) -> None:
    stock = FakeStock(post=refusal(Code.NOT_IN_STOCK))
    assert play("- post: {order: SO1}\n  fails: not_in_stock", stock).passed
    assert play("- post: {order: SO1}\n  fails: [expired, not_in_stock]", stock).passed


def test_another_refusal_than_expected(play: Play) -> None:
    outcome = play("- post: {order: SO1}\n  fails: expired", FakeStock(post=refusal(Code.NOT_IN_STOCK, "S1 is gone")))
    assert not outcome.passed
    assert outcome.message == "post: expected a refusal: expired, found a refusal: not_in_stock: S1 is gone"


def test_a_refusal_nobody_expected(play: Play) -> None:
    outcome = play("- post: {order: SO1}", FakeStock(post=refusal(Code.NOT_IN_STOCK, "S1 is gone")))
    assert outcome.message == "post: expected that it succeeds, found a refusal: not_in_stock: S1 is gone"


def test_success_where_a_refusal_is_expected(play: Play) -> None:
    outcome = play("- post: {order: SO1}\n  fails: [expired, invalid]", FakeStock(post=result()))
    assert outcome.message == "post: expected a refusal: expired or invalid, found that it succeeded"


def test_a_refusal_that_leaves_a_trace(play: Play) -> None:
    stock = FakeStock()

    def post(_orders: str) -> None:
        stock.tables["posting"] = [(1,)]
        stock.tables["item"].append(("BIKE",))
        raise refusal(Code.EXPIRED)

    stock.answers["post"] = post
    outcome = play("- post: {order: SO1}\n  fails: expired", stock)
    assert outcome.message == "post: expected that a refused operation leaves no trace, found changes in item, posting"


def test_a_warning_that_is_expected(play: Play) -> None:
    steps = "- tracking: {line: SO1/1, lines: []}\n  warns: tracking_undefined"
    assert play(steps, FakeStock(track=warned(WarningCode.TRACKING_UNDEFINED))).passed
    found = play(steps, FakeStock(track=warned(WarningCode.NOT_AVAILABLE))).message
    assert found == "tracking: expected the warning tracking_undefined, found not_available"
    assert "found no warning" in str(play(steps, FakeStock(track=result())).message)
    assert "found a refusal" in str(play(steps, FakeStock(track=refusal(Code.INVALID))).message)


def test_a_warning_nobody_asked_about_is_none_of_our_business(play: Play) -> None:
    stock = FakeStock(track=warned(WarningCode.NOT_AVAILABLE))
    assert play("- tracking: {line: SO1/1, lines: []}\n  note: it warns", stock).passed


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("- 5", "step: a step is a mapping with one operation"),
        ("- {}", "step: a step has one operation, this one has none"),
        ("- post: {order: A}\n  fail: expired", "post, fail: a step has one operation, this one has post, fail"),
        ("- post: {order: A}\n  fails: expird", "post: fails: there is no such code: expird"),
        ("- post: {order: A}\n  fails: []", "post: fails: there is no such code: None"),
        ("- post: {order: A}\n  fails: not_available", "post: fails: there is no such code: not_available"),
        ("- post: {order: A}\n  warns: expired", "post: warns: there is no such code: expired"),
        ("- post: {order: A}\n  as: [B]", "post: as: a text is expected"),
        ("- post:", "post: its keys are missing"),
        ("- post: {ordr: A}", "post: unknown key `ordr`; there are order, "),
        ("- post: {invoice: true}", "post: exactly one of order, orders is needed"),
        ("- post: {order: A, orders: [B]}", "post: exactly one of order, orders is needed"),
        ("- frobnicate: {x: 1}", "unknown operation: frobnicate"),
        ("- frobnicate: {x: 1}\n  fails: expired", "unknown operation: frobnicate"),
        ("- plan: {item: A}", "unknown operation: plan"),
        ("- adjust: {item: A, site: B, quantity: 1}", "unknown operation: adjust"),
    ],
)
def test_steps_that_are_not_understood(play: Play, step: str, message: str) -> None:
    outcome = play(step, FakeStock(post=result()))
    assert not outcome.passed
    assert outcome.step == 1
    assert str(outcome.message).startswith(message)


def test_a_key_this_build_has_no_parameter_for(play: Play) -> None:
    def create_order(id: str, kind: str, *, lines: object, site: str | None = None) -> None:
        pass

    steps = "- order: {id: TO1, kind: transfer, from: EAST, to: WEST, lines: []}"
    assert (
        play(steps, FakeStock(create_order=create_order)).message == "unknown operation: order with from_site, to_site"
    )
    with pytest.raises(UnknownOperation, match="count with expires"):
        Scene(None, dt.date(2026, 1, 15), operation="count").build(Counted, {"lot": "L1", "expires": "+5"})


def test_a_bug_of_the_engine_fails_its_scenario_alone(play: Play) -> None:
    outcome = play("- post: {order: A}", FakeStock(post=KeyError("no\nsuch")))
    assert outcome.message == "post: crashed: KeyError: 'no\\nsuch'"


def test_a_step_stops_its_scenario(play: Play) -> None:
    stock = FakeStock(post=refusal(Code.EXPIRED), delete_order=result())
    outcome = play("- delete_order: {order: A}\n- post: {order: A}\n- delete_order: {order: B}", stock)
    assert (outcome.step, outcome.line) == (2, 5)
    assert stock.asked("delete_order") == [(("A",), {})]
    assert stock.calls[-1][0] == "close"


def test_a_name_must_have_been_given(play: Play) -> None:
    stock = FakeStock(post=result(), ledger=[])
    outcome = play("- post: {order: A, apply_to: {A/1: REC}}", stock)
    assert outcome.message == "post: no earlier step has `as: REC`"
    outcome = play("- post: {order: A}\n  as: P\n- expect_ledger: {where: {posting: P}, rows: []}", stock)
    assert outcome.message == "expect_ledger: P names no posting"


def test_apply_to_means_the_one_entry_of_a_posting(play: Play) -> None:
    stock = FakeStock(post=posting(7, 70), adjust=posting(8, None, 3), track=result())
    first = "- post: {order: A}\n  as: REC\n- adjust: {item: B, site: E, quantity: 3}\n  as: MANY\n"
    assert play(first + "- tracking: {line: A/1, lines: [{lot: L, quantity: 1, apply_from: REC}]}", stock).passed
    ((_, (row,)), _) = stock.asked("track")[0]
    assert row.apply_from == 70
    assert play(first + "- adjust: {item: B, site: E, quantity: -1, apply_to: REC}", stock).passed
    assert stock.asked("adjust")[-1][1] == {"apply_to": 70}
    outcome = play(first + "- post: {order: C, apply_to: {C/1: MANY}}", stock)
    assert outcome.message == "post: MANY names a posting of 3 ledger entries; it must have made exactly one"
