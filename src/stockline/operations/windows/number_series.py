"""Series of serial, lot and package numbers, kept with the last number each has given (TW-26)."""

from sqlalchemy import bindparam, update

from stockline.codes import Code
from stockline.plan.series import first_of_series, number_after, numbers_from
from stockline.refusal import Refusal
from stockline.schema.windows import number_series
from stockline.store.database import Transaction
from stockline.tracking_code import NumberKind
from stockline.values import ValueProblem

DEFAULT_SERIES: dict[NumberKind, str] = {"serial": "SN", "lot": "LOT", "package": "PKG"}


def take_numbers(transaction: Transaction, code: str, quantity: int) -> list[str]:
    """The next numbers of a series, which is begun if need be; nobody else gets them. Refused `invalid`."""
    begun = transaction.insert(number_series).values(code=code, last="")
    held = begun.on_conflict_do_update(index_elements=["code"], set_={"last": number_series.c.last})
    last = transaction.execute(held.returning(number_series.c.last)).scalar_one()
    try:
        numbers = numbers_from(number_after(last) if last else first_of_series(code), quantity)
    except ValueProblem as problem:
        raise Refusal.of(Code.INVALID, f"Series {code}: {problem}.") from None
    transaction.execute(_GIVEN, {"series": code, "given": numbers[-1]})
    return numbers


_GIVEN = update(number_series).where(number_series.c.code == bindparam("series")).values(last=bindparam("given"))
