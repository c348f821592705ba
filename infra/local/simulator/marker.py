"""The number of a picture as black and white cells in its upper right corner, to be read back by a program.

Six columns by four rows, each cell a twenty-fourth of the picture's height, on a white plate: 18 bits of the
number (so 262143 is followed by 0), then 6 bits that check them. It survives scaling and a film's encoder.
"""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

NUMBERS = 1 << 18
_COLUMNS, _ROWS = 6, 4
_BLACK, _WHITE = (16, 16, 18), (222, 222, 218)


def draw_number(draw: "ImageDraw", size: tuple[int, int], number: int) -> None:
    """Draw it onto a picture of that size."""
    bits = _bits(number)
    for index, (left, top, right, bottom) in enumerate(_cells(size)):
        if index == 0:
            cell, margin = right - left, (right - left) / 2
            plate = (
                left - margin, top - margin, left + _COLUMNS * cell + margin, top + _ROWS * cell + margin
            )  # fmt: skip
            draw.rectangle(plate, fill=_WHITE)
        if bits >> index & 1:
            inside = (_pixel(left), _pixel(top), _pixel(right) - 1, _pixel(bottom) - 1)
            draw.rectangle(inside, fill=_BLACK)


def read_number(picture: "Image") -> int | None:
    """The number in a picture, or None if there is none that checks."""
    gray = picture.convert("L")
    bits = 0
    for index, (left, top, right, bottom) in enumerate(_cells(gray.size)):
        columns = _middle(left, right)
        rows = _middle(top, bottom)
        values = [gray.getpixel((x, y)) for x in columns for y in rows]
        if sum(float(value) for value in values if isinstance(value, int | float)) / len(values) < 128:
            bits |= 1 << index
    number = bits & (NUMBERS - 1)
    return number if bits == _bits(number) else None


def _pixel(edge: float) -> int:
    """The first pixel whose middle is beyond that edge."""
    return math.ceil(edge - 0.5)


def _middle(first: float, last: float) -> range:
    """The pixels in the middle half of a cell, at least one."""
    inset = (last - first) / 4
    start = min(_pixel(first + inset), int((first + last) / 2))
    return range(start, max(start + 1, _pixel(last - inset)))


def _bits(number: int) -> int:
    number %= NUMBERS
    check = (number ^ number >> 6 ^ number >> 12 ^ 0b101101) & 0b111111
    return check << 18 | number


def _cells(size: tuple[int, int]) -> Iterator[tuple[float, float, float, float]]:
    width, height = size
    cell = height / 24
    left, top = width - (_COLUMNS + 0.5) * cell - 1, cell / 2 + 1
    for index in range(_COLUMNS * _ROWS):
        row, column = divmod(index, _COLUMNS)
        x, y = left + column * cell, top + row * cell
        yield x, y, x + cell, y + cell
