"""What every operation answers."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

from stockline.refusal import Warning

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What every operation that writes answers at least."""

    warnings: Sequence[Warning] = ()


def from_columns(kind: type[T], number: int, **columns: Iterable[Any]) -> list[T]:
    """So many results of a frozen kind with slots, by the columns of all their fields, each at least as long.

    Made one by one, each would set every field through a call that goes around its being frozen: three times the time.
    """
    assert columns.keys() == {field.name for field in fields(kind)}, f"not the fields of {kind}"
    made = [object.__new__(kind) for _ in range(number)]
    for name, column in columns.items():
        deque(map(getattr(kind, name).__set__, made, column), maxlen=0)
    return made
