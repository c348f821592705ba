"""Draws what a printer's camera sees as JPEGs: the room once, then what changes; each with its number.

At 1280x720 an image has 60 to 120 kB, like those of a real A1 or P1 camera. Any size is possible; below 240
lines the words are left out. The number stands in the upper right corner, to be read back by a program: six
columns by four rows of black and white cells, each a twenty-fourth of the image's height, on a white plate:
18 bits of the number (so 262143 is followed by 0), then 6 bits that check them. It survives scaling and a
film's encoder.
"""

import io
import math
from collections.abc import Iterator
from threading import Lock
from typing import TYPE_CHECKING

from functions.shared.text import printable
from infra.simulator.rendering import (
    BED_CENTER,
    HEIGHT,
    WIDTH,
    PrintedObject,
    noise,
    print_head,
    room,
    soft_shadow,
)
from infra.simulator.timeline import Scene

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

NUMBERS = 1 << 18
_COLUMNS, _ROWS = 6, 4
_BLACK, _WHITE = (16, 16, 18), (222, 222, 218)


def draw_number(draw: "ImageDraw", size: tuple[int, int], number: int) -> None:
    """Draw it onto an image of that size."""
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


def read_number(image: "Image") -> int | None:
    """The number in an image, or None if there is none that checks."""
    gray = image.convert("L")
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


if TYPE_CHECKING:
    from PIL.Image import Image

SIZE = (WIDTH, HEIGHT)
_QUALITY = 70
_NOISE_PLATES = 3
_WORDS_FROM_HEIGHT = 240
_PARK = (286.0, 300.0)


class Painter:
    """Images of one camera, of one size. Thread-safe; what is prepared is prepared at the first one."""

    def __init__(self, size: tuple[int, int] = SIZE) -> None:
        self.size = size
        self._scale_x, self._scale_y = size[0] / WIDTH, size[1] / HEIGHT
        self._studio: _Studio | None = None
        self._object: PrintedObject | None = None
        self._lock = Lock()

    def jpeg(self, scene: Scene) -> bytes:
        """The scene as a JPEG (JFIF); the same scene gives the same bytes."""
        with self._lock:
            image = self._paint(scene)
        target = io.BytesIO()
        image.save(target, "JPEG", quality=_QUALITY)
        return target.getvalue()

    def _paint(self, scene: Scene) -> "Image":
        from PIL import ImageChops, ImageDraw

        if self._studio is None:
            self._studio = _Studio(self.size, self._scale_x, self._scale_y)
        studio = self._studio
        image = studio.room.copy()
        head_x, head_y = _PARK
        if scene.subject:
            thing = self._thing(scene)
            if scene.built > 0:
                shadow = studio.shadow
                place = self._at(BED_CENTER[0] + 34, BED_CENTER[1] + 6)
                place = (place[0] - shadow.width // 2, place[1] - shadow.height // 2)
                image.paste((16, 14, 12), place, shadow)
            thing.paste_onto(image, scene.built, scene.tangle)
            if scene.is_printing:
                head_x, head_y = _nozzle(scene, thing)
            else:
                head_y = min(head_y, thing.top(scene.built) - 8)
        self._draw_head(image, studio, head_x, head_y)
        flicker = 2.5 * math.sin(scene.number * 1.7) + 1.5 * math.sin(scene.number * 0.31)
        plate = studio.noise[scene.number % _NOISE_PLATES]
        image = ImageChops.add(image, plate, 1, round(flicker) - 128)
        draw = ImageDraw.Draw(image)
        draw_number(draw, self.size, scene.number)
        if scene.lines and self.size[1] >= _WORDS_FROM_HEIGHT:
            self._draw_words(image, studio, scene.lines)
        return image

    def _thing(self, scene: Scene) -> PrintedObject:
        thing = self._object
        if (
            thing is None
            or thing.subject != scene.subject
            or not thing.is_smaller_than(scene.built, scene.tangle)
        ):
            thing = self._object = PrintedObject(scene.subject, self._scale_x, self._scale_y)
        return thing

    def _at(self, x: float, y: float) -> tuple[int, int]:
        return round(x * self._scale_x), round(y * self._scale_y)

    def _draw_head(self, image: "Image", studio: "_Studio", x: float, y: float) -> None:
        from PIL import ImageDraw

        draw = ImageDraw.Draw(image)
        for offset, height, color in (
            (-146, 26, (52, 54, 60)),
            (-143, 5, (150, 154, 162)),
            (-128, 3, (92, 95, 102)),
        ):
            left, top = self._at(86, y + offset)
            right, bottom = self._at(1196, y + offset + height)
            draw.rectangle((left, top, right, max(top, bottom)), fill=color)
        left, bottom = self._at(x, y)
        image.paste(studio.head, (left - studio.head.width // 2, bottom - studio.head.height), studio.head)

    def _draw_words(self, image: "Image", studio: "_Studio", lines: tuple[str, ...]) -> None:
        from PIL import ImageDraw

        draw = ImageDraw.Draw(image)
        x, y = self._at(18, 12)
        for line in lines:
            shown = printable(line[:48])
            draw.text((x + 2, y + 2), shown, font=studio.font, fill=(12, 12, 14))
            draw.text((x, y), shown, font=studio.font, fill=(240, 240, 236))
            y += round(32 * self._scale_y)


def _nozzle(scene: Scene, thing: PrintedObject) -> tuple[float, float]:
    """Where the nozzle's tip is: somewhere over the top layer, elsewhere in each image."""
    if scene.built <= 0:
        return BED_CENTER[0] - 180 + 60 * (scene.number % 7), BED_CENTER[1] - 14
    swing = math.sin(scene.number * 2.399)
    nozzle_height = scene.built * (1 + 0.45 * scene.tangle)
    x = BED_CENTER[0] + thing.reach(scene.built) * swing
    return x, max(214.0, thing.top(min(1.0, nozzle_height))) + 10 * math.cos(scene.number * 1.1) - 6


class _Studio:
    """What is prepared once for a size."""

    def __init__(self, size: tuple[int, int], scale_x: float, scale_y: float) -> None:
        from PIL import ImageFont

        self.room = room(size)
        self.noise = [noise(size, seed) for seed in range(_NOISE_PLATES)]
        self.shadow = soft_shadow((round(400 * scale_x), round(150 * scale_y)))
        self.head = print_head(scale_x, scale_y)
        self.font = ImageFont.load_default(size=max(8, round(24 * scale_y)))
