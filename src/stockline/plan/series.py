"""Numbers that follow each other: the last group of digits is raised (TW-26, TW-27); their natural order (RS-17)."""

import re
from collections.abc import Iterator
from itertools import count, islice

from stockline.values import NUMBER_LENGTH, ValueProblem

LONGEST = 1_000_000
"""Numbers of a series that is named by its ends, at most: more are a slip of the pen."""
_LAST_DIGITS = re.compile(r"(.*?)([0-9]+)([^0-9]*)", re.DOTALL)


def first_of_series(code: str) -> str:
    """The number a new series begins with."""
    return f"{code}00001"


def numbers_from(first: str, quantity: int, increment: int = 1) -> list[str]:
    """So many numbers, `first` being the first.

    Each raises the last group of digits of the one before by the increment (below 1 counts as 1), keeps its leading
    zeros and widens when it is full; the text around it stays: `A8`, `A9`, `A10`; `A-099X`, `A-100X`.

    Raises:
        ValueProblem: no digit to raise, or a number would be too long.
    """
    numbers = list(islice(_numbers(first, max(increment, 1)), quantity))
    if numbers and len(numbers[-1]) > NUMBER_LENGTH:
        raise ValueProblem(f"{numbers[-1]} has more than {NUMBER_LENGTH} characters")
    return numbers


def numbers_between(first: str, last: str) -> list[str]:
    """The numbers of a series from `first` to `last`, both among them: `A8` to `A10` are `A8`, `A9`, `A10`.

    Raises:
        ValueProblem: `last` does not follow on `first`, or only after more than a million numbers.
    """
    start, end = _LAST_DIGITS.fullmatch(first), _LAST_DIGITS.fullmatch(last)
    steps = int(end[2]) - int(start[2]) if start and end else -1
    if not 0 <= steps < LONGEST or numbers_from(first, steps + 1)[-1] != last:
        raise ValueProblem(f"from {first} to {last} is no series of numbers")
    return numbers_from(first, steps + 1)


def parts_of_one_length(first: str, last: str) -> Iterator[tuple[str, str]]:
    """A series in parts, each from a number to one as long: `A8` to `A12` are `A8` to `A9` and `A10` to `A12`.

    Where `last` is blank, or comes not after `first`, that is `first` alone.
    """
    start, end = _LAST_DIGITS.fullmatch(first), _LAST_DIGITS.fullmatch(last)
    low = first
    if start and end and (start[1], start[3]) == (end[1], end[3]) and not end[2].startswith("0"):
        for width in range(len(start[2]), len(end[2])):
            yield low, f"{start[1]}{'9' * width}{start[3]}"
            low = f"{start[1]}1{'0' * width}{start[3]}"
    yield low, max(low, last) if len(low) == len(last) else low


def number_after(last: str) -> str:
    """The next number. Raises `ValueProblem` like `numbers_from`."""
    return numbers_from(last, 2)[1]


def natural(number: str) -> list[tuple[int, int, str]]:
    """A key that sorts digits by their value: S2 before S10."""
    parts = re.findall(r"\d+|\D+", number)
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts]


def _numbers(first: str, increment: int) -> Iterator[str]:
    found = _LAST_DIGITS.fullmatch(first)
    if found is None:
        raise ValueProblem(f"{first!r} has no digit that could be raised")
    before, digits, after = found.groups()
    width = len(digits)
    for value in count(int(digits), increment):
        yield f"{before}{value:0{width}d}{after}"
