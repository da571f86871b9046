"""The legs of a line that is posted: most lines move goods once, some take them here and put them there (PO-40, PO-44).

Legs of lines that follow each other and move alike are posted as a set, a wave; waves follow each other (PO-2).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from stockline.operations.posting.lines import PostingLine


@dataclass(frozen=True, slots=True)
class Leg:
    """One movement of a line, at one place. The line's `own` leg carries its numbers; the other is its counterpart."""

    posted: PostingLine
    own: bool
    sign: int
    site_id: int
    location: str

    @property
    def is_receipt(self) -> bool:
        """Whether it takes goods in transit that its own order shipped."""
        return self.posted.line.is_incoming and not self.own

    @property
    def site_in_transit(self) -> bool:
        """Whether it takes from a place where goods of others may be on their way."""
        return self.own and self.posted.line.site_in_transit


def legs(posted: PostingLine) -> tuple[Leg, ...]:
    """The legs of a line, what leaves before what arrives."""
    line = posted.line
    own = Leg(posted, own=True, sign=line.movement, site_id=line.site_id, location=line.location)
    if line.kind == "transfer":
        assert line.in_transit_site_id is not None
        other = Leg(posted, own=False, sign=-line.movement, site_id=line.in_transit_site_id, location="")
    elif line.renumbers:
        assert line.to_site_id is not None
        other = Leg(posted, own=False, sign=-line.movement, site_id=line.to_site_id, location=line.to_location)
    else:
        return (own,)
    return (own, other) if own.sign < 0 else (other, own)


def waves_of(posted: Sequence[PostingLine]) -> Iterator[list[Leg]]:
    """The legs of lines in the order they are posted, those that can be posted as a set together."""
    moved = [legs(one) for one in posted if one.quantity]
    for _, alike in groupby(moved, key=_way):
        for wave in zip(*alike, strict=True):
            yield list(wave)


def _way(of_line: tuple[Leg, ...]) -> tuple[object, ...]:
    """What tells lines apart that cannot be posted as a set.

    What takes from a location and what takes from anywhere in the site are dealt out one after the other; what is
    renumbered may be taken up again under its new numbers by the line after it; what a transfer ships is there
    before it is received.
    """
    line = of_line[0].posted.line
    alone = line.id if line.renumbers else None
    return (alone, line.is_incoming, *((leg.sign, leg.sign < 0 and leg.location != "") for leg in of_line))
