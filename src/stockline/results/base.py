"""What every operation answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from stockline.refusal import Warning


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What every operation that writes answers at least."""

    warnings: Sequence[Warning] = ()
