"""What a sheet is: a header and rows of text, whatever file they come from. The first step of every import.

Each row comes with the line it stands on in the file, and with what is wrong with it when it cannot be read; what makes
the whole file unreadable is a `SheetProblem`. What columns mean is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Row = tuple[int, list[str], str]
"""The line in the file, the fields as text, and what is wrong with them as they stand ("" when nothing is)."""


class SheetProblem(Exception):
    """A file that cannot be read as a sheet; the message is for the person who gave it."""


class Sheet(Protocol):
    """A file with a header and rows, which may be read more than once."""

    @property
    def path(self) -> Path:
        """Where the file is."""

    @property
    def columns(self) -> list[str]:
        """The header."""

    @property
    def typed(self) -> bool:
        """Whether numbers and dates are such in the file, so that their text here is 1.5 or 2013-04-10."""

    @property
    def size(self) -> int:
        """How far `position` goes."""

    @property
    def position(self) -> int:
        """How far reading has come."""

    def rows(self) -> Iterator[Row]:
        """The rows below the header; blank ones are left out."""
