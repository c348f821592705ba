"""The parts of the camera's image: the room that does not change, and the object that grows in it.

Everything is made in the coordinates of an image of 1280x720 and scaled to the size that is asked for. Shape
and colour of the object follow the job's name. Layers and strands are drawn once each onto canvases of twice
the size and kept, so that an image costs only what is new since the last one. Pillow is imported where it is
used.
"""

import math
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, HEIGHT = 1280, 720
BED_CENTER = (640.0, 566.0)
FLATNESS = 0.30  # how flat a circle on the bed looks
_BACK_LEFT, _BACK_RIGHT, _FRONT_RIGHT, _FRONT_LEFT = (330, 452), (950, 452), (1130, 684), (150, 684)
_GOLD, _LINE, _EDGE = (122, 98, 58), (146, 120, 74), (44, 44, 48)


def room(size: tuple[int, int]) -> "Image":
    """Wall, table and bed, lit from the upper left."""
    from PIL import Image, ImageChops, ImageDraw, ImageFilter

    scene = Image.new("RGB", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(scene)
    for y in range(HEIGHT):
        on_table = y > 430
        shade = (74 - (y - 430) * 0.05) if on_table else 118 - y * 0.09
        tint = (1.04, 0.98, 0.90) if on_table else (0.92, 0.98, 1.06)
        draw.line((0, y, WIDTH, y), fill=_color((shade, shade, shade), tint))
    for x in (92, 1164):  # the printer's posts
        draw.rectangle((x, 0, x + 26, 470), fill=(58, 60, 66))
        draw.line((x + 3, 0, x + 3, 470), fill=(120, 122, 128), width=3)
    draw.rectangle((60, 462, 1220, 486), fill=(50, 52, 58))
    _draw_bed(draw)
    light = Image.new("L", (64, 36))
    glow = ImageDraw.Draw(light)
    for radius in range(46, 0, -1):
        value = 255 - int(radius * 2.9)
        glow.ellipse((22 - radius, 16 - radius * 0.7, 22 + radius, 16 + radius * 0.7), fill=value)
    light = light.filter(ImageFilter.GaussianBlur(2)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    lit = ImageChops.multiply(scene, Image.merge("RGB", (light, light, light.point(lambda v: v * 0.96))))
    return Image.blend(scene, lit, 0.55).point(lambda value: min(255, value * 1.25)).resize(size)


def _draw_bed(draw: object) -> None:
    from PIL.ImageDraw import ImageDraw

    assert isinstance(draw, ImageDraw)
    thickness = 12
    front = (_FRONT_LEFT, _FRONT_RIGHT, (_FRONT_RIGHT[0], _FRONT_RIGHT[1] + thickness),
             (_FRONT_LEFT[0], _FRONT_LEFT[1] + thickness))  # fmt: skip
    draw.polygon(front, fill=(30, 30, 33))
    draw.polygon((_BACK_LEFT, _BACK_RIGHT, _FRONT_RIGHT, _FRONT_LEFT), fill=_GOLD, outline=_EDGE, width=4)
    for step in range(1, 10):
        part = step / 10
        back = _BACK_LEFT[0] + (_BACK_RIGHT[0] - _BACK_LEFT[0]) * part
        near = _FRONT_LEFT[0] + (_FRONT_RIGHT[0] - _FRONT_LEFT[0]) * part
        draw.line((back, _BACK_LEFT[1], near, _FRONT_LEFT[1]), fill=_LINE, width=2)
        deep = part**1.35
        y = _BACK_LEFT[1] + (_FRONT_LEFT[1] - _BACK_LEFT[1]) * deep
        left = _BACK_LEFT[0] + (_FRONT_LEFT[0] - _BACK_LEFT[0]) * deep
        right = _BACK_RIGHT[0] + (_FRONT_RIGHT[0] - _BACK_RIGHT[0]) * deep
        draw.line((left, y, right, y), fill=_LINE, width=2)


def noise(size: tuple[int, int], seed: int) -> "Image":
    """One plate of the camera's noise around middle gray; three of them in turn look alive."""
    from PIL import Image

    random = Random(seed)
    width, height = size
    grains = bytes(min(255, max(0, int(random.gauss(128, 4)))) for _ in range(64 * 1024))
    rows = bytearray()
    for _ in range(height):
        start = random.randrange(len(grains))
        rows += (grains + grains)[start : start + width]
    gray = Image.frombytes("L", size, bytes(rows))
    return Image.merge("RGB", (gray, gray, gray))


def soft_shadow(size: tuple[int, int]) -> "Image":
    """A soft dark spot, as a mask."""
    from PIL import Image, ImageDraw, ImageFilter

    width, height = max(4, size[0]), max(4, size[1])
    mask = Image.new("L", (width, height))
    ImageDraw.Draw(mask).ellipse((width * 0.15, height * 0.2, width * 0.85, height * 0.8), fill=150)
    return mask.filter(ImageFilter.GaussianBlur(width / 22))


def print_head(scale_x: float, scale_y: float) -> "Image":
    """The print head; the tip of its nozzle is in the middle of the lower edge."""
    from PIL import Image, ImageDraw

    head = Image.new("RGBA", (320, 360))
    draw = ImageDraw.Draw(head)
    draw.rounded_rectangle((24, 10, 296, 270), 34, fill=(46, 48, 54, 255))
    draw.rounded_rectangle((40, 22, 280, 250), 26, fill=(74, 77, 84, 255))
    draw.rounded_rectangle((58, 40, 262, 140), 18, fill=(96, 99, 107, 255))
    for y in range(160, 236, 16):
        draw.rounded_rectangle((84, y, 236, y + 7), 3, fill=(48, 50, 56, 255))
    draw.ellipse((226, 52, 250, 76), fill=(120, 226, 150, 255))
    draw.rectangle((122, 268, 198, 304), fill=(120, 110, 96, 255))
    draw.polygon(
        ((128, 304), (192, 304), (168, 344), (166, 358), (154, 358), (152, 344)), fill=(186, 146, 74, 255)
    )
    width, height = max(2, round(160 * scale_x)), max(2, round(180 * scale_y))
    return head.resize((width, height), Image.Resampling.LANCZOS)


def _color(base: tuple[float, float, float], tint: tuple[float, float, float]) -> tuple[int, int, int]:
    red, green, blue = (max(0, min(255, round(part * by))) for part, by in zip(base, tint, strict=True))
    return red, green, blue


if TYPE_CHECKING:
    from PIL.Image import Image

TALLEST = 286.0  # height of the finished object in an image of 720 lines
_RADIUS = 128.0
_STRANDS = 84
_FINE = 2
_COLORS = ((236, 106, 32), (38, 122, 206), (62, 158, 92), (206, 58, 66), (236, 190, 52), (132, 86, 190))
Box = tuple[float, float, float, float]
_OBJECT_BOX: Box = (
    BED_CENTER[0] - 190,
    BED_CENTER[1] - TALLEST - 60,
    BED_CENTER[0] + 190,
    BED_CENTER[1] + 70,
)
_TANGLE_BOX: Box = (BED_CENTER[0] - 400, BED_CENTER[1] - 250, BED_CENTER[0] + 400, BED_CENTER[1] + 110)


class _Canvas:
    """A transparent part of the image, drawn at twice its size."""

    def __init__(self, box: Box, scale_x: float, scale_y: float) -> None:
        from PIL import Image, ImageDraw

        left, top, right, bottom = box
        self.place = (round(left * scale_x), round(top * scale_y))
        size = (max(1, round((right - left) * scale_x)), max(1, round((bottom - top) * scale_y)))
        self._origin, self._by = (left, top), (scale_x * _FINE, scale_y * _FINE)
        self.image = Image.new("RGBA", (size[0] * _FINE, size[1] * _FINE))
        self.draw = ImageDraw.Draw(self.image)

    def point(self, x: float, y: float) -> tuple[float, float]:
        return (x - self._origin[0]) * self._by[0], (y - self._origin[1]) * self._by[1]

    def width(self, pixels: float) -> int:
        return max(1, round(pixels * self._by[1]))

    def paste_onto(self, image: "Image", with_top: "Image | None" = None) -> None:
        fine = self.image if with_top is None else with_top
        small = fine.reduce(_FINE)
        image.paste(small, self.place, small)


class PrintedObject:
    """One job's object in images of one scale."""

    def __init__(self, subject: str, scale_x: float, scale_y: float) -> None:
        digest = sha256(subject.encode("utf-8", "replace")).digest()
        self.subject = subject
        self.color = _COLORS[digest[0] % len(_COLORS)]
        self._lobes = 3 + digest[1] % 4
        self._twist = (0.6 + digest[2] / 255 * 1.6) * (1 if digest[3] & 1 else -1)
        self._waist = digest[4] / 255
        self._layers = max(4, round(TALLEST * scale_y))
        self._object = _Canvas(_OBJECT_BOX, scale_x, scale_y)
        self._tangle = _Canvas(_TANGLE_BOX, scale_x, scale_y)
        self._drawn_layers = 0
        self._drawn_strands = 0

    def is_smaller_than(self, built: float, tangle: float) -> bool:
        """Whether what is drawn already fits within what is asked for."""
        return self._drawn_layers <= self._layer(built) and self._drawn_strands <= self._strand(tangle)

    def top(self, built: float) -> float:
        """The line of the image (of 720) at which the nozzle stands."""
        return BED_CENTER[1] - TALLEST * built

    def reach(self, built: float) -> float:
        """How far from the middle the nozzle moves at that height."""
        return self._radius(0.0, built) * 0.9

    def paste_onto(self, image: "Image", built: float, tangle: float) -> None:
        layer = self._layer(built)
        for index in range(self._drawn_layers, layer):
            self._draw_layer(index)
        self._drawn_layers = max(self._drawn_layers, layer)
        if layer:
            self._object.paste_onto(image, self._with_top(layer))
        for index in range(self._drawn_strands, self._strand(tangle)):
            self._draw_strand(index)
            self._drawn_strands = index + 1
        if self._drawn_strands:
            self._tangle.paste_onto(image)

    def _layer(self, built: float) -> int:
        return round(self._layers * min(1.0, max(0.0, built)))

    def _strand(self, tangle: float) -> int:
        return math.ceil(_STRANDS * math.pow(min(1.0, max(0.0, tangle)), 0.7))

    def _radius(self, angle: float, height: float) -> float:
        profile = 0.72 + 0.24 * math.sin(math.pi * (0.25 + height * (1.1 + self._waist)))
        lobes = 1 + 0.085 * math.cos(self._lobes * (angle + self._twist * height * math.pi))
        return _RADIUS * profile * lobes

    def _rim(self, height: float, first: float, last: float, steps: int) -> list[tuple[float, float]]:
        points = []
        for step in range(steps + 1):
            angle = first + (last - first) * step / steps
            radius = self._radius(angle, height)
            points.append(
                self._object.point(
                    BED_CENTER[0] + radius * math.cos(angle),
                    BED_CENTER[1] - TALLEST * height + radius * FLATNESS * math.sin(angle),
                )
            )
        return points

    def _draw_layer(self, index: int) -> None:
        """The visible front of one layer, each piece as bright as it faces the light."""
        height = index / self._layers
        steps = 40
        rim = self._rim(height, -0.12, math.pi + 0.12, steps)
        stripe = 1.0 - 0.07 * (index % 3 == 0)
        for step in range(steps):
            angle = -0.12 + (math.pi + 0.24) * (step + 0.5) / steps
            slope = self._radius(angle + 0.03, height) - self._radius(angle - 0.03, height)
            normal = angle - math.atan2(slope / 0.06, self._radius(angle, height))
            light = 0.34 + 0.66 * max(0.0, math.cos(normal - math.radians(118))) ** 1.2
            self._object.draw.line(
                (*rim[step], *rim[step + 1]), fill=(*_shaded(self.color, light * stripe), 255),
                width=_FINE + 2,
            )  # fmt: skip

    def _with_top(self, layer: int) -> "Image":
        """The object with the open layer on top of it."""
        from PIL import ImageDraw

        height = (layer - 1) / self._layers
        image = self._object.image.copy()
        draw = ImageDraw.Draw(image)
        rim = self._rim(height, 0, 2 * math.pi, 48)
        draw.polygon(rim, fill=(*_shaded(self.color, 1.12), 255))
        middle = self._object.point(BED_CENTER[0], BED_CENTER[1] - TALLEST * height)
        inner = [_between(middle, point, 0.86) for point in rim]
        draw.polygon(inner, fill=(*_shaded(self.color, 0.62), 255))
        for start in range(0, 48, 2):  # infill
            end = (25 - start) % 48 if layer % 2 else (start + 19) % 48
            draw.line((*inner[start], *inner[end]), fill=(*_shaded(self.color, 0.84), 255), width=_FINE)
        return image

    def _draw_strand(self, index: int) -> None:
        """One loose string: loops that wander from the object outwards and lie on the bed."""
        random = Random(f"{self.subject!a}/{index}")
        spread = 60 + 250 * (index / _STRANDS) ** 0.7
        x = BED_CENTER[0] + random.uniform(-spread, spread) * 0.6
        y = BED_CENTER[1] + random.uniform(-130, 46) * (1 - 0.3 * index / _STRANDS)
        heading, turn = random.uniform(0, 2 * math.pi), random.uniform(-0.5, 0.5)
        points = []
        for _ in range(random.randint(34, 64)):
            turn = max(-0.75, min(0.75, turn + random.uniform(-0.22, 0.22)))
            heading += turn
            x += math.cos(heading) * 11
            y += math.sin(heading) * 7 + max(0.0, BED_CENTER[1] - 40 - y) * 0.02
            if not BED_CENTER[1] - 170 < y < BED_CENTER[1] + 96:
                y = max(BED_CENTER[1] - 170, min(BED_CENTER[1] + 96, y))
                heading = -heading
            points.append(self._tangle.point(x, y))
        dark, bright = _shaded(self.color, 0.38), _shaded(self.color, random.uniform(0.85, 1.2))
        width = self._tangle.width
        self._tangle.draw.line(points, fill=(*dark, 255), width=width(5.5), joint="curve")
        self._tangle.draw.line(points, fill=(*bright, 255), width=width(3.4), joint="curve")


def _between(start: tuple[float, float], end: tuple[float, float], part: float) -> tuple[float, float]:
    return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part


def _shaded(color: tuple[int, int, int], light: float) -> tuple[int, int, int]:
    red, green, blue = (max(0, min(255, round(part * light))) for part in color)
    return red, green, blue
